/** Plays the scenarios of test/engine/behaviours on the real CLI; its counts must be the embedded engine's too. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { nameOf } from "../../engine/src/deploy/urn.ts";
import { serveProvider } from "../../engine/src/plugin/serve.ts";
import { packageRoot } from "../../lib/package-root.ts";
import { embedded } from "../engine/behaviours/embedded.ts";
import { groups } from "../engine/behaviours/groups.ts";
import { type Engine, type Played, play, pressing, type Stage } from "../engine/behaviours/scenario.ts";
import { finished, TestProject } from "../engine/cli/harness.ts";
import { FakeProvider, World } from "../engine/deploy/fake-provider.ts";
import { prelude, TestStack } from "../engine/deploy/harness.ts";
import { realCli } from "./real-cli.ts";

interface LoggedEvent {
  readonly resOutputsEvent?: { readonly metadata: { readonly op: string; readonly urn: string } };
  readonly diagnosticEvent?: { readonly severity: string; readonly message: string };
  readonly summaryEvent?: { readonly resourceChanges: Record<string, number> };
}

let binary: string;
before(async () => {
  binary = await realCli((line) => console.log(line));
});

for (const [group, scenarios] of Object.entries(groups)) {
  describe(group, { concurrency: 3 }, () => {
    for (const [name, stages] of Object.entries(scenarios)) {
      test(name, async (context) => {
        await using real = await RealStack.create();
        const theirs = await play(stages, real);
        assert.deepEqual(theirs, await play(stages, embedded(await TestStack.create(context))));
      });
    }
  });
}

/** A stack of the real CLI, whose provider is served by this process. */
class RealStack implements Engine, AsyncDisposable {
  readonly world = new World();
  readonly #project: TestProject;
  readonly #ended: () => void;
  readonly #providers: string;

  private constructor(project: TestProject, world: World, provider: Awaited<ReturnType<typeof serveProvider>>) {
    this.world = world;
    this.#project = project;
    this.#ended = () => provider.close();
    this.#providers = `fake:${provider.port}`;
  }

  static async create(): Promise<RealStack> {
    const project = await TestProject.create("project", {
      "Pulumi.yaml": "name: project\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.js\n",
      "index.js": "",
    });
    const world = new World();
    const stack = new RealStack(project, world, await serveProvider(new FakeProvider(world)));
    await finished(stack.#start(["stack", "init", "test"]));
    return stack;
  }

  async run(stage: Stage & { readonly program: string }): Promise<Played> {
    await this.#project.write("index.js", prelude + stage.program);
    const log = join(this.#project.folder, "events.json");
    await rm(log, { force: true });
    const child = this.#start([...argumentsOf(stage), "--stack=test", `--event-log=${log}`]);
    using _pressing = pressing(this.world, stage.cancelAt, () => child.kill("SIGINT"));
    const { code, stdout, stderr } = await finished(child);
    const lines = (await readFile(log, "utf8").catch(() => "")).split("\n").filter(Boolean);
    const events = lines.map((line) => JSON.parse(line) as LoggedEvent);
    const summary = events.findLast(({ summaryEvent }) => summaryEvent !== undefined)?.summaryEvent;
    const told = events.flatMap(({ diagnosticEvent }) =>
      diagnosticEvent?.severity === "error" ? [diagnosticEvent.message.trim()] : [],
    );
    if (code !== 0 && told.length === 0) told.push(stdout + stderr);
    return {
      succeeded: code === 0,
      errors: told,
      steps: events.flatMap(({ resOutputsEvent }) => {
        const metadata = resOutputsEvent?.metadata;
        return metadata ? [`${metadata.op} ${nameOf(metadata.urn)}`] : [];
      }),
      changes: summary?.resourceChanges ?? {},
    };
  }

  #start(args: readonly string[]) {
    const { environment } = this.#project;
    return spawn(process.execPath, [join(packageRoot(), "test", "real", "pulumi.ts"), binary, ...args], {
      cwd: this.#project.path(),
      env: {
        ...process.env,
        ...environment,
        PULUMI_DEBUG_PROVIDERS: this.#providers,
        PULUMI_DEBUG_COMMANDS: "true",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended();
    await this.#project[Symbol.asyncDispose]();
  }
}

function argumentsOf({ kind, ...flags }: Stage): string[] {
  const of = (flag: string, values: readonly string[] | undefined) => (values ?? []).map((it) => `--${flag}=${it}`);
  const on = (flag: string, value: boolean | undefined) => (value ? [`--${flag}`] : []);
  return [
    kind,
    ...(kind === "preview" ? [] : ["--yes", "--skip-preview"]),
    ...of("target", flags.targets),
    ...of("exclude", flags.excludes),
    ...of("replace", flags.replace),
    ...of("parallel", flags.parallel === undefined ? [] : [String(flags.parallel)]),
    ...of(
      "config",
      Object.entries(flags.config ?? {}).map(([key, value]) => `${key}=${value}`),
    ),
    ...on("target-dependents", flags.targetDependents),
    ...on("exclude-dependents", flags.excludeDependents),
    ...on("continue-on-error", flags.continueOnError),
    ...on("refresh", flags.refresh),
    ...on("run-program", flags.runProgram),
    ...on("exclude-protected", flags.excludeProtected),
  ];
}
