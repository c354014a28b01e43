import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApi } from "../../../../services/control-plane/api/index.ts";
import type { DeployCommit } from "../../../../services/control-plane/deploys/deploy-commit.ts";
import { GitServer } from "../../../../services/control-plane/git/git-server.ts";
import { Pushes } from "../../../../services/control-plane/git/pushes.ts";
import { authorityFile, ensureCertificates } from "../../../../services/control-plane/tls/certificates.ts";
import { memoryAccounts } from "../api/accounts.ts";
import { World } from "../api/fakes.ts";

export const TOKEN = "a-token-of-tests";

interface Ran {
  readonly code: number | null;
  /** What it wrote, as it came. */
  readonly output: string;
}

interface Running extends PromiseLike<Ran> {
  /** What it has written by now. */
  output(): string;
  kill(): void;
}

/** A server as the control plane has it, with deploys of the test's own, and a working copy that pushes to it. */
export interface GitGround extends AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  readonly pushes: Pushes;
  readonly problems: string[];
  /** Who pushed, from where, to which app. */
  readonly audited: string[];
  /** The bare repository of `shop`. */
  readonly bare: string;
  /** `https://127.0.0.1:…/shop.git`. */
  readonly url: string;
  /** Runs Git in the working copy, whose remote `heroku` is the app. */
  git(...args: string[]): Running;
  /** Writes a file and commits it; gives the commit. */
  commit(file: string, content: string | Uint8Array): Promise<string>;
  /** What a ref of the bare repository names. */
  ref(name: string): Promise<string>;
}

/** The apps there are, with their ids. */
const APPS: Readonly<Record<string, string>> = { shop: "shop-id", blog: "blog" };

export async function gitGround(deploy: DeployCommit): Promise<GitGround> {
  const folder = await mkdtemp(join(tmpdir(), "push-"));
  const parts = new AsyncDisposableStack();
  parts.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const problems: string[] = [];
  const report = (problem: string) => void problems.push(problem);
  const tls = join(folder, "tls");
  const certificates = await ensureCertificates(tls);
  const pushes = new Pushes(deploy);
  await writeFile(join(folder, "token"), TOKEN);
  const accounts = memoryAccounts(join(folder, "token"));
  const audited: string[] = [];
  const repository = (id: string) => join(folder, "git", `${id}.git`);
  const server = parts.use(
    await GitServer.open({
      pushes,
      socket: join(folder, "push.sock"),
      hooks: join(folder, "hooks"),
      report,
      who: async (header) => (header === basic(TOKEN) ? accounts.who(`Bearer ${TOKEN}`, { remote: false }) : undefined),
      async find(name) {
        const id = APPS[name];
        return id === undefined ? undefined : { name, id, repository: repository(id) };
      },
      audit: (caller, from, app) => void audited.push(`${caller.email} ${from} ${app}`),
    }),
  );
  const api = parts.use(
    createApi({
      health: async () => ({ apps: true, data: true, tools: false }),
      ports: { ...new World().ports(), accounts },
      platform: "test",
      tokenFile: join(folder, "token"),
      hours: { free: 0, per: "app" },
      asides: [server.serve],
      certificates,
      report,
    }).server,
  );
  const { port } = await api.listen(0, "127.0.0.1");
  const url = `https://127.0.0.1:${port}/shop.git`;
  const work = join(folder, "work");
  await mkdir(work);
  await writeFile(join(folder, ".netrc"), `machine 127.0.0.1 login heroku password ${TOKEN}\n`, { mode: 0o600 });
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: "Ann",
    GIT_AUTHOR_EMAIL: "ann@example.com",
    GIT_COMMITTER_NAME: "Ann",
    GIT_COMMITTER_EMAIL: "ann@example.com",
  };
  const git = (...args: string[]) => run(["git", ...args], work, env);
  await git("config", "--global", `http.https://127.0.0.1:${port}/.sslCAInfo`, authorityFile(tls));
  await git("config", "--global", "core.compression", "0");
  await git("init", "--quiet", "--initial-branch=main");
  await git("remote", "add", "heroku", url);
  return {
    folder,
    port,
    pushes,
    problems,
    audited,
    bare: repository("shop-id"),
    url,
    git,
    async commit(file, content) {
      await writeFile(join(work, file), content);
      await git("add", "-A");
      await git("commit", "--quiet", "--message", file);
      return (await git("rev-parse", "HEAD")).output.trim();
    },
    async ref(name) {
      return (
        await git("--git-dir", repository("shop-id"), "for-each-ref", "--format=%(objectname)", name)
      ).output.trim();
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

export function basic(password: string): string {
  return `Basic ${Buffer.from(`heroku:${password}`).toString("base64")}`;
}

function run([command = "", ...args]: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Running {
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
  return {
    output: () => output,
    // With the helpers that it started, which have the connection.
    kill: () => void (child.pid !== undefined && process.kill(-child.pid, "SIGKILL")),
    // biome-ignore lint/suspicious/noThenProperty: it is awaited like a promise, and can be looked at before
    then: (done, failed) => ended.then(done, failed),
  };
}
