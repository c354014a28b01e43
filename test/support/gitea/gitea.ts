import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { answerFault, type Fault } from "../github/faults.ts";
import { isGit, serveGit } from "../github/git-http.ts";
import { type GitHub, startGitHub } from "../github/github.ts";
import { GiteaDescription } from "./description.ts";
import { GiteaRefusal, ROUTES } from "./routes.ts";

/**
 * A stand-in for a Gitea: its REST API, webhooks, git over HTTP. What it is asked and what it answers is held against Gitea's
 * published description; what is not as that says fails the test at its end.
 */
export interface Gitea extends AsyncDisposable {
  /** What is `baseUrl` to the product. */
  readonly url: string;
  /** Whose repositories, tokens and webhooks it has: those of the stand-in for GitHub, which nobody asks. */
  readonly world: GitHub;
  /** Undefined: none. */
  fault: Fault | undefined;
  /** Requests as they came, e.g. `GET /repos/{owner}/{repo}`. */
  readonly requests: string[];
}

export async function startGitea(address = "127.0.0.1"): Promise<Gitea> {
  const world = await startGitHub();
  const problems: string[] = [];
  const description = new GiteaDescription((line) => problems.push(line));
  const missing = description.names.filter((name) => !(name in ROUTES));
  if (missing.length > 0) throw new Error(`the stand-in has no ${missing.join(", ")}`);
  const patterns = Object.keys(ROUTES).map((name) => ({ name, pattern: patternOf(name) }));
  const gitea = { fault: undefined as Fault | undefined, url: "", requests: [] as string[] };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", gitea.url);
    if (gitea.fault !== undefined && (await answerFault(gitea.fault, request, response))) return;
    const token = tokenOf(request, world);
    if (isGit(url.pathname)) return serveGit(request, response, url, world.state, token);
    const path = url.pathname.replace(/^\/api\/v1/, "");
    const found = patterns.find(({ pattern }) => pattern.test(`${request.method} ${path}`));
    const sent = await text(request);
    const body = sent === "" ? undefined : JSON.parse(sent);
    const answer = (status: number, content?: unknown) => {
      response.writeHead(status, { "content-type": "application/json;charset=utf-8" });
      response.end(content === undefined ? "" : JSON.stringify(content));
    };
    if (found === undefined) {
      problems.push(`${request.method} ${url.pathname} is nothing that this stand-in has`);
      return answer(404, { message: "Not Found" });
    }
    const { name, pattern } = found;
    gitea.requests.push(name);
    description.request(name, url.searchParams, body);
    if (token === undefined) return answer(401, { message: "invalid username, password or token" });
    const params = { ...pattern.exec(`${request.method} ${path}`)?.groups };
    for (const [key, value] of Object.entries(params)) params[key] = decodeURIComponent(value);
    try {
      const call = { world, url: gitea.url, token, params, query: url.searchParams, body };
      const [status, content] = (await ROUTES[name]?.(call)) ?? [500];
      description.answer(name, status, content);
      answer(status, content);
    } catch (error) {
      if (!(error instanceof GiteaRefusal)) throw error;
      answer(error.status, { message: error.message, url: `${gitea.url}/api/swagger` });
    }
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      problems.push(`${request.method} ${request.url}: ${error instanceof Error ? error.stack : error}`);
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, address, resolve);
  });
  gitea.url = `http://${address}:${(server.address() as AddressInfo).port}`;
  return Object.assign(gitea, {
    world,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await world[Symbol.asyncDispose]();
      if (problems.length > 0) throw new Error(`not as on a Gitea:\n${[...new Set(problems)].join("\n")}`);
    },
  });
}

/** References and comparisons have slashes. */
function patternOf(name: string): RegExp {
  const path = name.replaceAll(/\{(ref|basehead|branch)\}(?=$|\/status)/g, "(?<$1>.+)");
  return new RegExp(`^${path.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);
}

/** By `token …`, or as the password of Git's requests. */
function tokenOf({ headers }: IncomingMessage, { state }: GitHub) {
  const [scheme = "", value = ""] = (headers.authorization ?? "").split(" ");
  const basic = scheme.toLowerCase() === "basic";
  const found = state.tokens.get(basic ? (Buffer.from(value, "base64").toString().split(":")[1] ?? "") : value);
  return found?.revoked === true ? undefined : found;
}
