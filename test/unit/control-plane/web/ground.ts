import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Caller } from "../../../../services/control-plane/accounts/caller.ts";
import { SESSION_COOKIE } from "../../../../services/control-plane/web/cookies.ts";
import { csrfToken } from "../../../../services/control-plane/web/csrf.ts";
import { serveSite } from "../../../../services/control-plane/web/server.ts";
import { Site, type SiteOptions } from "../../../../services/control-plane/web/site.ts";

export const ANN: Caller = { id: "1", email: "ann@example.com", role: "member", via: "session" };
export const ADA: Caller = { id: "2", email: "ada@example.com", role: "admin", via: "session" };
export const HOST = "dashboard.localhost:8080";
const ORIGIN = `http://${HOST}`;

/** Cookies by who is logged in with them. */
const COOKIES = { ann: "cookie-of-ann-0123456789", ada: "cookie-of-ada-0123456789" } as const;

export type Who = keyof typeof COOKIES;

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A site behind its Unix socket, as the router reaches it. */
export interface Served extends AsyncDisposable {
  readonly problems: string[];
  /** For whoever serves it elsewhere too. */
  readonly site: Site;
  get(path: string, who?: Who, headers?: Readonly<Record<string, string>>): Promise<Answered>;
  /** Sends a form as a browser does that got it from us. */
  post(path: string, fields: Readonly<Record<string, string>>, who?: Who): Promise<Answered>;
  send(method: string, path: string, headers: Readonly<Record<string, string>>, body?: string): Promise<Answered>;
}

export function cookieOf(who: Who): string {
  return `${SESSION_COOKIE}=${COOKIES[who]}`;
}

export async function serveTestSite(pages: Pick<SiteOptions, "members" | "everybody" | "bodies">): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), "site-"));
  const problems: string[] = [];
  const callers = new Map([
    [COOKIES.ann as string, ANN],
    [COOKIES.ada as string, ADA],
  ]);
  const site = new Site({
    ...pages,
    sessions: { find: (cookie) => callers.get(cookie) },
    login: "/login",
    report: (problem) => problems.push(problem),
  });
  const socket = join(folder, "site.sock");
  const server = await serveSite(socket, site);
  const send: Served["send"] = (method, path, headers, body = "") =>
    new Promise((resolve, reject) => {
      const outgoing = request({ socketPath: socket, method, path, agent: false, headers: { host: HOST, ...headers } });
      outgoing.on("error", reject).on("response", (response) => {
        const chunks: Buffer[] = [];
        response
          .on("data", (chunk: Buffer) => chunks.push(chunk))
          .on("error", reject)
          .on("end", () => {
            const text = Buffer.concat(chunks).toString("utf8");
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
          });
      });
      outgoing.end(body);
    });
  return {
    problems,
    site,
    send,
    get: (path, who, headers = {}) => send("GET", path, { ...(who && { cookie: cookieOf(who) }), ...headers }),
    post: (path, fields, who = "ann") =>
      send(
        "POST",
        path,
        {
          cookie: cookieOf(who),
          origin: ORIGIN,
          "sec-fetch-site": "same-origin",
          "content-type": "application/x-www-form-urlencoded",
        },
        String(new URLSearchParams({ ...fields, _csrf: csrfToken(COOKIES[who]) })),
      ),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
