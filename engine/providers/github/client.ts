import { setTimeout as sleep } from "node:timers/promises";
import type { PropertyMap } from "../../src/values/values.ts";
import { appToken } from "./app-token.ts";
import { type Settings, settingsOf } from "./configuration.ts";

/** Milliseconds that GitHub may take for an answer. */
const ANSWER_TIMEOUT_MS = 30_000;

/** Milliseconds that a limit is waited for. The real plugin waits for as long as it lasts, which is up to an hour. */
const MAX_WAIT_MS = 60_000;

const WRITES = ["POST", "PUT", "PATCH", "DELETE"];

interface Answer<T> {
  readonly body: T;
  readonly etag: string;
}

/** GitHub as one owner sees it. */
export interface Client {
  /** Whose repositories are meant by their names alone. */
  readonly owner: string;
  /**
   * @param path below the API, e.g. `repos/octo/hello`
   * @param body sent as JSON
   * @throws RequestError for every answer that is not 2xx; Error in one line when there is none
   */
  request<T>(method: string, path: string, body?: object): Promise<Answer<T>>;
  /** Reads; undefined: nothing is there. `"unchanged"`: it is as it was when it had this etag. */
  find<T>(path: string, etag?: string): Promise<Answer<T> | "unchanged" | undefined>;
}

/** GitHub refused, in the words of the real plugin: `POST https://…: 422 Validation Failed [{…}]`. */
export class RequestError extends Error {
  readonly status: number;

  constructor(method: string, url: string, status: number, body: { message?: string; errors?: unknown }) {
    const errors = body.errors === undefined ? "[]" : JSON.stringify(body.errors);
    super(`${method} ${url}: ${status} ${body.message ?? ""} ${errors}`);
    this.status = status;
  }
}

/** A client for the configured GitHub. It asks who the owner is, so that a wrong token shows at once. */
export async function connect(config: PropertyMap): Promise<Client> {
  const settings = settingsOf(config);
  const send = sender(settings);
  const request = async <T>(method: string, path: string, body?: object): Promise<Answer<T>> => {
    const { response, text } = await send(method, path, body);
    return { body: parsed<T>(text, response), etag: response.headers.get("etag") ?? "" };
  };
  const client = {
    request,
    async find<T>(path: string, etag?: string): Promise<Answer<T> | "unchanged" | undefined> {
      try {
        const { response, text } = await send("GET", path, undefined, etag);
        if (response.status === 304) return "unchanged";
        return { body: parsed<T>(text, response), etag: response.headers.get("etag") ?? "" };
      } catch (error) {
        if (error instanceof RequestError && error.status === 404) return undefined;
        throw error;
      }
    },
  };
  const owner = settings.owner ?? (await request<{ login: string }>("GET", "user")).body.login;
  const known = await client.find<{ login: string }>(`users/${encodeURIComponent(owner)}`);
  return { ...client, owner: known === undefined || known === "unchanged" ? owner : known.body.login };
}

function sender(settings: Settings) {
  const { api, readDelay, writeDelay, retries, retryDelay, retryable, parallel } = settings;
  let installationToken: Promise<string> | undefined;
  /** Gives the moment from which the next request may go; GitHub wants writes one after the other, a second apart. */
  let turn: Promise<number> = Promise.resolve(0);

  async function authorization(): Promise<string | undefined> {
    const { app, token } = settings;
    if (app === undefined) return token && `Bearer ${token}`;
    installationToken ??= exchange(api, app);
    installationToken.catch(() => {
      installationToken = undefined;
    });
    return `Bearer ${await installationToken}`;
  }

  return async (method: string, path: string, body?: object, etag?: string) => {
    const before = turn;
    const { promise, resolve } = Promise.withResolvers<number>();
    turn = promise;
    if (!parallel) await sleep(Math.max((await before) - Date.now(), 0));
    try {
      const headers = {
        ...(await headersOf(authorization)),
        ...(etag !== undefined && etag !== "" && { "if-none-match": etag }),
      };
      for (let tried = 0; ; tried++) {
        const { response, text } = await ask(method, `${api}${path}`, headers, body);
        if (response.ok || response.status === 304) return { response, text };
        const wait = waitOf(response, retryable, retryDelay);
        if (wait === undefined || tried === retries) {
          throw new RequestError(method, `${api}${path}`, response.status, messageIn(text));
        }
        if (wait > MAX_WAIT_MS) throw new Error(limited(api, wait));
        await sleep(wait);
      }
    } finally {
      resolve(Date.now() + (WRITES.includes(method) ? writeDelay : readDelay));
    }
  };
}

async function headersOf(authorization: () => Promise<string | undefined>): Promise<Record<string, string>> {
  const value = await authorization();
  return {
    accept: "application/vnd.github+json",
    "user-agent": "pulumi-github",
    "x-github-api-version": "2022-11-28",
    ...(value !== undefined && { authorization: value }),
  };
}

async function exchange(api: string, app: NonNullable<Settings["app"]>): Promise<string> {
  const headers = await headersOf(async () => `Bearer ${appToken(app.id, app.pem)}`);
  const url = `${api}app/installations/${encodeURIComponent(app.installation)}/access_tokens`;
  const { response, text } = await ask("POST", url, headers);
  if (!response.ok) throw new RequestError("POST", url, response.status, messageIn(text));
  return parsed<{ token: string }>(text, response).token;
}

async function ask(method: string, url: string, headers: Readonly<Record<string, string>>, body?: object) {
  try {
    const response = await fetch(url, {
      method,
      headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    return { response, text: await response.text() };
  } catch (error) {
    const { name, message, cause } = error as Error & { cause?: { code?: string } };
    const reason = name === "TimeoutError" ? `no answer in ${ANSWER_TIMEOUT_MS / 1000} s` : (cause?.code ?? message);
    throw new Error(`cannot reach GitHub at ${new URL(url).origin} (${reason}): try again when it can be reached`);
  }
}

/** Milliseconds until it is worth asking again; undefined: it is not. */
function waitOf({ status, headers }: Response, retryable: readonly number[], delay: number): number | undefined {
  if (status === 403 || status === 429) {
    const after = headers.get("retry-after");
    if (after !== null) return Number(after) * 1000;
    if (headers.get("x-ratelimit-remaining") !== "0") return undefined;
    return Math.max(Number(headers.get("x-ratelimit-reset")) * 1000 - Date.now(), 0);
  }
  return retryable.includes(status) ? delay : undefined;
}

function limited(api: string, wait: number): string {
  const until = new Date(Date.now() + wait).toISOString().replace(/\.\d+Z$/, "Z");
  return `GitHub at ${new URL(api).host} takes no more requests of this token until ${until}: try again then`;
}

function messageIn(text: string): { message?: string; errors?: unknown } {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

function parsed<T>(text: string, { url }: Response): T {
  if (text === "") return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new Error(`GitHub's answer to ${url} breaks off: try again`);
  }
}
