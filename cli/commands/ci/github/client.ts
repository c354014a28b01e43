import { Octokit } from "@octokit/core";
import { paginateRest } from "@octokit/plugin-paginate-rest";
import { restEndpointMethods } from "@octokit/plugin-rest-endpoint-methods";
import { retry } from "@octokit/plugin-retry";
import type { Workflow } from "./workflow.ts";

/** Milliseconds that an answer may take. */
const LONGEST_MS = 30_000;

const silent = () => {};

/** GitHub's own client with the job's token. What fails on GitHub's side is tried again. */
export function openClient({ api, token }: Workflow) {
  const Client = Octokit.plugin(restEndpointMethods, paginateRest, retry);
  return new Client({
    baseUrl: api,
    auth: token,
    userAgent: "dynoform",
    log: { debug: silent, info: silent, warn: silent, error: silent },
    request: {
      fetch: (url: string, init: RequestInit) => fetch(url, { ...init, signal: AbortSignal.timeout(LONGEST_MS) }),
    },
  });
}

export type Client = ReturnType<typeof openClient>;
