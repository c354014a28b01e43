import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { parse, stringify } from "yaml";
import { Engine, type Outcome } from "../../cli/engine.ts";
import { findProject, readStackFiles } from "../../cli/project.ts";
import { findRemainder, remove } from "../../cli/remainder.ts";
import { setup } from "../../cli/setup/setup.ts";
import { ensureStacks } from "../../cli/setup/stacks.ts";
import { Steps } from "../../cli/steps.ts";
import { packageRoot } from "../../images/package-root.ts";
import type { PlatformSettings } from "../../infra/platform/settings.ts";
import { type Answer, get, type Request } from "./http.ts";

/** What a stack file of an app says: `dynoform:app`, as written. */
export type AppSettings = Readonly<Record<string, unknown>>;

/** What a command printed and how it ended. */
export interface Finished {
  readonly exitCode: number;
  /** Standard output and standard error as they came. */
  readonly output: string;
}

/**
 * A platform of one test: its own name, ports, project folder, state and runtime directory on the
 * machine's Docker Engine. Disposing it removes everything of it, whatever state it is in.
 */
export interface TestPlatform extends AsyncDisposable {
  readonly name: string;
  /** The project's folder, with links to the checkout's code and stack files of its own. */
  readonly directory: string;
  readonly webPort: number;
  readonly postgresPort: number;
  readonly docker: Docker;
  readonly engine: Engine;
  /** What `up` and `destroy` of this engine have printed so far. */
  readonly log: () => string;
  /** Writes an app's stack file (over what it said before, the key excepted) and makes its stack. */
  app(name: string, settings: AppSettings, config?: Readonly<Record<string, string>>): Promise<void>;
  /** Copies an example into the project's folder, to be changed. Gives the path for `source.path`. */
  copyExample(example: string, as?: string): Promise<string>;
  /** Brings up stacks in the order given; by default the platform's and every app's. */
  up(...stacks: string[]): Promise<Outcome[]>;
  /** Asks the router for a path of an app. */
  fetch(app: string, path?: string, request?: Request): Promise<Answer>;
  /** Runs our command in the project's folder, as a user would. */
  dynoform(...args: string[]): Promise<Finished>;
  /** Runs the `pulumi` command in the project's folder. */
  pulumi(...args: string[]): Promise<Finished>;
}

/**
 * Makes a project with the platform's stack file. Nothing of it runs before `up`.
 *
 * @param settings over what follows from the test (name and ports)
 */
export async function testPlatform(settings: PlatformSettings = {}): Promise<TestPlatform> {
  const name = `test-${process.pid.toString(36)}${Math.random().toString(36).slice(2, 6)}`;
  const directory = await mkdtemp(join(tmpdir(), "dynoform-test-"));
  const root = packageRoot();
  // Whatever the machine's user has set is not the test's; children get the same.
  for (const variable of Object.keys(process.env)) if (variable.startsWith("PULUMI_")) delete process.env[variable];
  process.env.DYNOFORM_HOME = join(directory, "home");
  process.env.PULUMI_HOME = join(directory, ".pulumi");

  const docker = new Docker();
  const [webPort, postgresPort] = await freePorts();
  const stacks = join(directory, "stacks");
  let printed = "";
  let engine = new Engine({ directory });

  async function dispose(): Promise<void> {
    await remove(docker, await findRemainder(docker, name));
    await rm(directory, { recursive: true, force: true });
  }

  try {
    await mkdir(stacks);
    await cp(join(root, "Pulumi.yaml"), join(directory, "Pulumi.yaml"));
    for (const part of ["infra", "provider", "services", "images", "examples", "node_modules", "package.json"]) {
      await symlink(join(root, part), join(directory, part));
    }
    const ports = { web: webPort, postgres: postgresPort, ...settings.ports };
    await writeStack(stacks, "platform", { "dynoform:platform": { name, ...settings, ports } });
    const ready = await setup({
      directory,
      steps: new Steps((text) => {
        printed += text;
      }),
      display: (text) => {
        printed += text;
      },
    });
    engine = ready.engine;
  } catch (error) {
    process.stderr.write(printed);
    await dispose();
    throw error;
  }

  return {
    name,
    directory,
    webPort,
    postgresPort,
    docker,
    engine,
    log: () => printed,
    async app(app, appSettings, config = {}) {
      const path = join(stacks, `Pulumi.${app}.yaml`);
      const present = parse(await readFile(path, "utf8").catch(() => "{}"));
      const { "dynoform:key": key } = present.config ?? {};
      const kept = key === undefined ? {} : { "dynoform:key": key };
      await writeStack(
        stacks,
        app,
        {
          "dynoform:app": appSettings,
          ...kept,
          ...(Object.keys(config).length > 0 ? { "dynoform:config": config } : {}),
        },
        present.encryptionsalt,
      );
      await ensureStacks(await findProject(directory), engine, () => {});
    },
    async copyExample(example, as = example) {
      await cp(join(root, "examples", example), join(directory, "apps", as), { recursive: true });
      return `apps/${as}`;
    },
    async up(...names) {
      const all = (await readStackFiles(await findProject(directory))).map((file) => file.stack);
      const outcomes: Outcome[] = [];
      for (const stack of names.length > 0 ? names : all) outcomes.push(await engine.up(stack));
      return outcomes;
    },
    fetch: (app, path = "/", request = {}) =>
      get({ host: `${app}.${settings.domain ?? "localhost"}`, port: webPort, path, ...request }),
    dynoform: (...args) => finish([join(root, "cli", "main.ts"), ...args], directory),
    pulumi: (...args) => finish([join(root, "engine", "bin", "pulumi.mjs"), ...args, "--non-interactive"], directory),
    [Symbol.asyncDispose]: dispose,
  };
}

async function writeStack(
  folder: string,
  stack: string,
  config: Readonly<Record<string, unknown>>,
  encryptionsalt?: string,
): Promise<void> {
  const salt = encryptionsalt === undefined ? {} : { encryptionsalt };
  await writeFile(join(folder, `Pulumi.${stack}.yaml`), stringify({ ...salt, config }));
}

/** Runs one of our modules on this Node. */
export function finish(argv: readonly string[], cwd: string): Promise<Finished> {
  const child = spawn(process.execPath, argv, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ exitCode: code ?? 130, output }));
  });
}

/** Two ports that were free a moment ago; both are held until both are known. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (typeof address === "object" && address !== null) ports.push(address.port);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [ports[0] as number, ports[1] as number];
}
