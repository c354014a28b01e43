import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { untilServing } from "../../cli/serving.ts";
import { setup } from "../../cli/setup/setup.ts";
import { ensureStacks } from "../../cli/setup/stacks.ts";
import { Steps } from "../../cli/steps.ts";
import { packageRoot } from "../../lib/package-root.ts";
import type { PlatformSettings } from "../../model/platform/settings.ts";
import { readStackFiles } from "../../model/stack/project.ts";
import type { Engine, Outcome } from "../../services/stacks/engine.ts";
import { type TestGround, testGround } from "./ground.ts";
import { type Answer, get, type Request } from "./http.ts";
import { type Finished, finish } from "./process.ts";
import { until } from "./until.ts";

/** What a stack file of an app says: `dynoform:app`, as written. */
type AppSettings = Readonly<Record<string, unknown>>;

/**
 * A platform of one test: its own name, ports, project folder, state and runtime directory on the
 * machine's Docker Engine. Disposing it removes everything of it, whatever state it is in.
 */
export interface TestPlatform extends TestGround {
  /** The project's folder, with links to the checkout's code and stack files of its own. */
  readonly directory: string;
  readonly engine: Engine;
  /** What `up` and `destroy` of this engine have printed so far. */
  readonly log: () => string;
  /** Writes an app's stack file (over what it said before, the key excepted) and makes its stack. */
  app(name: string, settings: AppSettings, config?: Readonly<Record<string, string>>): Promise<void>;
  /** Writes any stack's file and makes its stack. */
  stack(name: string, config: Readonly<Record<string, unknown>>): Promise<void>;
  /** Copies an example into the project's folder, to be changed. Gives the path for `source.path`. */
  copyExample(example: string, as?: string): Promise<string>;
  /**
   * Brings up stacks in the order given; by default the platform's and every app's. With the platform's it ends as
   * `dynoform up` does: when router and control plane serve.
   */
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
 * @param settings besides name and ports, which follow from the test
 */
export async function testPlatform(settings: Omit<PlatformSettings, "name" | "ports"> = {}): Promise<TestPlatform> {
  const ground = await testGround();
  const { name, directory } = ground;
  const root = packageRoot();
  const stacks = join(directory, "stacks");
  let printed = "";
  const display = (text: string) => {
    printed += text;
  };

  async function prepare() {
    await mkdir(stacks);
    await cp(join(root, "Pulumi.yaml"), join(directory, "Pulumi.yaml"));
    for (const part of [
      "program.ts",
      "infra",
      "provider",
      "services",
      "images",
      "examples",
      "node_modules",
      "package.json",
    ]) {
      await symlink(join(root, part), join(directory, part));
    }
    await writeStack(stacks, "platform", { "dynoform:platform": { name, ports: ground.ports, ...settings } });
    return setup({ directory, steps: new Steps(display), display });
  }
  const { engine, project } = await prepare().catch(async (error) => {
    process.stderr.write(printed);
    await ground[Symbol.asyncDispose]();
    throw error;
  });

  return {
    ...ground,
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
      await ensureStacks(project, engine, () => {});
    },
    async stack(stack, config) {
      await writeStack(stacks, stack, config);
      await ensureStacks(project, engine, () => {});
    },
    async copyExample(example, as = example) {
      await cp(join(root, "examples", example), join(directory, "apps", as), { recursive: true });
      return `apps/${as}`;
    },
    async up(...names) {
      const all = (await readStackFiles(project)).map((file) => file.stack);
      const wanted = names.length > 0 ? names : all;
      const outcomes: Outcome[] = [];
      for (const stack of wanted) outcomes.push(await engine.up(stack));
      if (wanted.includes("platform")) await serving(ground);
      return outcomes;
    },
    fetch: (app, path = "/", request = {}) =>
      get({ host: `${app}.${settings.domain ?? "localhost"}`, port: ground.ports.web, path, ...request }),
    dynoform: (...args) => finish([process.execPath, join(root, "cli", "main.ts"), ...args], directory),
    pulumi: (...args) =>
      finish([process.execPath, join(root, "engine", "bin", "pulumi.mjs"), ...args, "--non-interactive"], directory),
  };
}

async function serving({ name, directory, ports }: TestGround): Promise<void> {
  await untilServing({ directory: join(directory, "home", name) });
  await until("the API answers", () =>
    get({ host: "127.0.0.1", port: ports.api, path: "/account" }).then(
      () => true,
      () => false,
    ),
  );
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
