import { mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { TestContext } from "node:test";
import { deploy } from "../../../engine/src/deploy/deploy.ts";
import type {
  DeploymentEvent,
  DeploymentOptions,
  DeploymentResult,
  Snapshot,
} from "../../../engine/src/deploy/types.ts";
import type { Provider } from "../../../engine/src/plugin/contract.ts";
import type { PropertyMap } from "../../../engine/src/values/values.ts";
import { FakeProvider, World } from "./fake-provider.ts";

export const emptySnapshot: Snapshot = { resources: [], pendingOperations: [] };

const prelude = `import * as pulumi from "@pulumi/pulumi";
class Fake extends pulumi.CustomResource {
  constructor(name, args = {}, opts) { super("fake:index:Thing", name, { token: undefined, ...args }, opts); }
}
class Group extends pulumi.ComponentResource {
  constructor(name, opts) { super("fake:index:Group", name, {}, opts); }
}
class FakeAccount extends pulumi.ProviderResource {
  constructor(name, args, opts) { super("fake", name, args, opts); }
}
`;

interface Signals {
  readonly signal?: AbortSignal;
  /** Once aborted the run was killed: the state is what was last saved. */
  readonly terminate?: AbortSignal;
}

export interface Deployed extends DeploymentResult {
  readonly events: readonly DeploymentEvent[];
  /** "op name" of every finished step, in order. */
  readonly steps: readonly string[];
  readonly errors: readonly string[];
  readonly saved: readonly Snapshot[];
}

/** A stack of its own: programs, a state and a fake world. */
export class TestStack {
  readonly world = new World();
  readonly directory: string;
  state: Snapshot = emptySnapshot;
  stacks: Record<string, PropertyMap> = {};
  readonly providers: Record<string, () => Provider> = { fake: () => new FakeProvider(this.world) };

  constructor(directory: string) {
    this.directory = directory;
  }

  static async create(context: TestContext): Promise<TestStack> {
    const directory = await mkdtemp(path.join(import.meta.dirname, "program-"));
    context.after(() => rm(directory, { recursive: true, force: true }));
    await writeFile(path.join(directory, "package.json"), JSON.stringify({ type: "module", main: "index.js" }));
    return new TestStack(directory);
  }

  /** Runs a program (the body of a module that has \`pulumi\`, \`Fake\`, \`Group\` and \`FakeAccount\`). */
  async up(body: string, options: Partial<DeploymentOptions> & Signals = {}): Promise<Deployed> {
    await writeFile(path.join(this.directory, "index.js"), prelude + body);
    return this.run({
      program: { entry: ".", directory: this.directory, nodeArgs: [], typescript: false },
      ...options,
    });
  }

  preview(body: string, options: Partial<DeploymentOptions> = {}): Promise<Deployed> {
    return this.up(body, { ...options, dryRun: true });
  }

  async run(changes: Partial<DeploymentOptions> & Signals): Promise<Deployed> {
    const { signal, terminate, ...rest } = changes;
    const events: DeploymentEvent[] = [];
    const saved: Snapshot[] = [];
    const options: DeploymentOptions = {
      kind: "update",
      dryRun: false,
      organization: "organization",
      project: "project",
      stack: "test",
      root: this.directory,
      config: {},
      providerPaths: {},
      providers: this.providers,
      parallel: 8,
      refresh: false,
      targets: [],
      targetDependents: false,
      excludes: [],
      excludeDependents: false,
      runProgram: false,
      replace: [],
      continueOnError: false,
      excludeProtected: false,
      clearPendingCreates: false,
      ...rest,
    };
    const result = await deploy(options, this.state, {
      persist: async (snapshot) => {
        saved.push(snapshot);
      },
      event: (event) => events.push(event),
      stackOutputs: async (stack) => this.stacks[stack],
      cancel: signal ?? new AbortController().signal,
      terminate: terminate ?? new AbortController().signal,
    });
    if (terminate?.aborted) this.state = saved.at(-1) ?? this.state;
    else if (!options.dryRun) this.state = result.snapshot;
    const steps = events.flatMap((event) =>
      event.kind === "resource-outputs" ? [`${event.metadata.op} ${event.metadata.urn.split("::").at(-1)}`] : [],
    );
    const errors = events.flatMap((event) =>
      event.kind === "diagnostic" && event.severity === "error" ? [event.message] : [],
    );
    return { ...result, events, steps, errors, saved };
  }

  /** The state of a resource by its name. */
  resource(name: string) {
    const found = this.state.resources.find(({ urn }) => urn.endsWith(`::${name}`));
    if (!found) throw new Error(`the state has no ${name}`);
    return found;
  }
}
