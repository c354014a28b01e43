import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccountsOptions } from "../../../../services/control-plane/accounts/accounts.ts";
import { type ApiOptions, createApi } from "../../../../services/control-plane/api/index.ts";
import type { Accounts } from "../../../../services/control-plane/api/ports.ts";
import { answerProblems } from "../../../support/heroku/answers.ts";
import { memoryAccounts } from "./accounts.ts";
import { World } from "./fakes.ts";

export const TOKEN = "a-token-of-tests";

interface Asked {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  readonly body: any;
}

/** A server on a port of its own, before a world of fakes. */
export interface Served extends AsyncDisposable {
  readonly world: World;
  readonly accounts: Accounts;
  readonly port: number;
  readonly tokenFile: string;
  readonly problems: string[];
  /** Ends the server, and starts another in its place when `meanwhile` is done. */
  restart(meanwhile: () => Promise<void>): Promise<void>;
  /** Asks as whoever has the token does. */
  ask(method: string, path: string, asked?: Asked): Promise<Answered>;
}

export async function serve(
  clock?: () => number,
  hours: ApiOptions["hours"] = { free: 750, per: "app" },
  over: Partial<Pick<Accounts, "who" | "may" | "owner" | "audit">> = {},
  wishes: Partial<AccountsOptions> = {},
  rates?: ApiOptions["rates"],
  certificates?: ApiOptions["certificates"],
): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), "api-"));
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, `${TOKEN}\n`);
  const world = new World(folder);
  const problems: string[] = [];
  const accounts = Object.assign(memoryAccounts(tokenFile, { db: world.db, ...(clock && { clock }), ...wishes }), over);
  const create = () =>
    createApi({
      health: async () => ({ apps: true, data: true, tools: false }),
      ports: { ...world.ports(), accounts },
      platform: "test",
      tokenFile,
      hours,
      names: ["api.localhost"],
      rates,
      certificates,
      report: (problem) => problems.push(problem),
      clock,
    }).server;
  let api = create();
  const { port } = await api.listen(0, "127.0.0.1");
  return {
    world,
    accounts,
    port,
    tokenFile,
    problems,
    async restart(meanwhile) {
      await api[Symbol.asyncDispose]();
      await meanwhile();
      api = create();
      await api.listen(port, "127.0.0.1");
    },
    ask: (method, path, { body, headers } = {}) =>
      ask(port, method, path, body, { authorization: `Bearer ${TOKEN}`, ...headers }),
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await world.databases[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function ask(
  port: number,
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<Answered> {
  const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  // Node says no length for the body of a DELETE.
  const all = text === "" ? headers : { "content-length": String(Buffer.byteLength(text)), ...headers };
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", port, path, method, agent: false, headers: all }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const { statusCode: status = 0 } = response;
        const json = response.headers["content-type"] === "application/json" && text !== "";
        const body = json ? JSON.parse(text) : text;
        // Of another host whose proxy this is, only the path is looked at.
        const problems = json ? answerProblems(method, path.replace(/^http:\/\/[^/]+/, ""), status, body) : [];
        if (problems.length > 0) reject(new Error(`not as Heroku publishes it:\n${problems.join("\n")}`));
        else resolve({ status, headers: response.headers, body });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(text);
  });
}
