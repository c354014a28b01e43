import { randomUUID } from "node:crypto";
import type { Connection } from "../ports.ts";
import { apiUrl } from "./addresses.ts";

/** Milliseconds that an answer may take. */
const ANSWER_TIMEOUT_MS = 10_000;

const silent = () => {};

/**
 * GitHub's own client. It is loaded when somebody first asks, so that a platform without links has no memory for it.
 * What only reads is tried twice; what writes is tried again by whoever wants it written.
 */
export async function openOctokit({ baseUrl, credential }: Pick<Connection, "baseUrl" | "credential">) {
  const [{ Octokit }, { retry }, { throttling }, { restEndpointMethods }, { paginateRest }] = await Promise.all([
    import("@octokit/core"),
    import("@octokit/plugin-retry"),
    import("@octokit/plugin-throttling"),
    import("@octokit/plugin-rest-endpoint-methods"),
    import("@octokit/plugin-paginate-rest"),
  ]);
  const Client = Octokit.plugin(restEndpointMethods, paginateRest, retry, throttling);
  const client = new Client({
    baseUrl: apiUrl(baseUrl),
    userAgent: "dynoform",
    // It would say what it asked, and of whom.
    log: { debug: silent, info: silent, warn: silent, error: silent },
    request: {
      fetch: (url: string, init: RequestInit) =>
        fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) }),
    },
    retry: { retries: 1, doNotRetry: [400, 401, 403, 404, 409, 410, 422, 429, 451] },
    // A limit is told to whoever asked, who waits in a way of his own and holds nobody up.
    throttle: { id: randomUUID(), onRateLimit: () => false, onSecondaryRateLimit: () => false },
    ...(await login(credential)),
  });
  client.hook.before("request", (options) => {
    if (options.method !== "GET") options.request = { ...options.request, retries: 0 };
  });
  return client;
}

export type Client = Awaited<ReturnType<typeof openOctokit>>;

async function login(credential: Connection["credential"]) {
  if ("token" in credential) return { auth: credential.token };
  const { createAppAuth } = await import("@octokit/auth-app");
  const { id, installation, pem } = credential.app;
  return { authStrategy: createAppAuth, auth: { appId: id, installationId: Number(installation), privateKey: pem } };
}
