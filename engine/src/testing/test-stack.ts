import type { DeploymentEvent, DeploymentOptions, ResourceState, Snapshot } from "../deploy/types.ts";
import { nameOf } from "../deploy/urn.ts";
import { type AnyProgram, type Deployed, run } from "../embed/run.ts";
import { type Config, withSecrets } from "../embed/stack.ts";
import type { Provider } from "../plugin/contract.ts";
import { CheckpointCodec, EMPTY_SNAPSHOT } from "../state/checkpoint.ts";
import { PassphraseManager } from "../state/passphrase.ts";
import { ORGANIZATION } from "../state/stack-name.ts";
import type { PropertyMap } from "../values/values.ts";
import { type PackageRules, SimulatedProvider } from "./simulated-provider.ts";
import { type Moment, type Operation, World } from "./world.ts";

export interface TestStackOptions {
  /** Packages that are simulated, with how their resources behave. @default none */
  readonly packages?: Readonly<Record<string, PackageRules>>;
  /**
   * Which of these cannot find what an interrupted create has made, as plugins cannot: such a create is kept as pending.
   * @default none
   */
  readonly withoutRecover?: readonly string[];
  /** Other providers by package, each call a new one. @default none */
  readonly providers?: Readonly<Record<string, () => Provider>>;
  /** @default "project" */
  readonly project?: string;
  /** @default "test" */
  readonly stack?: string;
  /** Where relative paths start for providers and programs. @default the working directory */
  readonly root?: string;
}

/** Where a run is killed, as if by `kill -9`. */
export interface Kill {
  readonly moment: Moment;
  readonly operation: Operation;
  readonly name: string;
}

export interface TestRunOptions extends Partial<Omit<DeploymentOptions, "program" | "config">> {
  readonly program?: AnyProgram;
  readonly config?: Config;
  /** Called with everything that happens, at once. */
  readonly onEvent?: (event: DeploymentEvent) => void;
  /** The run ends there, and the stack's state is what was last saved. */
  readonly killAt?: Kill;
  /** Aborted: nothing new is begun. */
  readonly signal?: AbortSignal;
  /** Aborted: the run was killed; see `killAt`. */
  readonly terminate?: AbortSignal;
}

/** What a run did, and all that it saved. */
export interface TestRun extends Deployed {
  /** Every state that was saved, in order. */
  readonly saved: readonly Snapshot[];
}

/** A stack in memory: programs are run by the engine with real steps, and its state is there to be looked at. */
export class TestStack {
  /** What is "really there" to the simulated packages. */
  readonly world = new World();
  /** What the engine remembers. */
  state: Snapshot = EMPTY_SNAPSHOT;
  /** Outputs of other stacks by the names that programs ask for. */
  stacks: Record<string, PropertyMap> = {};
  /**
   * Called to save a state, by default without doing anything. One that throws stands for a full disk: the run fails,
   * and the state is what was saved before.
   */
  save: (snapshot: Snapshot) => Promise<void> = async () => {};
  readonly providers: Record<string, () => Provider>;
  readonly #options: Required<Pick<TestStackOptions, "project" | "stack" | "root">>;

  constructor(options: TestStackOptions = {}) {
    const {
      packages = {},
      withoutRecover = [],
      providers,
      project = "project",
      stack = "test",
      root = process.cwd(),
    } = options;
    this.#options = { project, stack, root };
    this.providers = { ...providers };
    for (const [name, rules] of Object.entries(packages)) {
      const recovers = !withoutRecover.includes(name);
      this.providers[name] = () => {
        const provider: Provider = new SimulatedProvider(this.world, name, rules);
        return recovers ? provider : Object.assign(provider, { recover: undefined });
      };
    }
  }

  up(program: AnyProgram, options: TestRunOptions = {}): Promise<TestRun> {
    return this.run({ kind: "update", program, ...options });
  }

  /** What `up` would do. */
  preview(program: AnyProgram, options: TestRunOptions = {}): Promise<TestRun> {
    return this.up(program, { ...options, dryRun: true });
  }

  /** Makes the state what is really there. */
  refresh(options: TestRunOptions = {}): Promise<TestRun> {
    return this.run({ kind: "refresh", ...options });
  }

  destroy(options: TestRunOptions = {}): Promise<TestRun> {
    return this.run({ kind: "destroy", ...options });
  }

  /** Runs a deployment, an update by default. @throws Error when it does not come to where it is to be killed */
  async run({ killAt, ...options }: TestRunOptions): Promise<TestRun> {
    if (!killAt) return this.#run(options);
    const { moment, operation, name } = killAt;
    const { world } = this;
    const kill = new AbortController();
    const before = world.interrupt;
    world.interrupt = async (...now) => {
      await before(...now);
      if (now.slice(0, 3).join() !== [moment, operation, name].join()) return;
      kill.abort();
      // Nobody is there any more to hear the answer.
      await new Promise(() => {});
    };
    try {
      const run = await this.#run({ ...options, terminate: kill.signal });
      if (kill.signal.aborted) return run;
    } finally {
      world.interrupt = before;
    }
    throw new Error(`the run was to be killed ${moment} ${operation} ${name}, and ended without that`);
  }

  async #run({ config = {}, signal, terminate, onEvent, ...rest }: TestRunOptions): Promise<TestRun> {
    const saved: Snapshot[] = [];
    let lost = false;
    const result = await run(
      { kind: "update", ...this.#options, providers: this.providers, config: withSecrets(config), ...rest },
      this.state,
      {
        persist: async (snapshot) => {
          lost = true;
          await this.save(snapshot);
          lost = false;
          saved.push(snapshot);
          this.state = snapshot;
        },
        stackOutputs: async (stack) => this.stacks[stack],
        ...(terminate && { terminate }),
        ...(signal && { cancel: signal }),
        ...(onEvent && { event: onEvent }),
      },
    );
    if (!lost && !terminate?.aborted && !rest.dryRun) this.state = result.snapshot;
    return { ...result, saved };
  }

  /** The state of a resource by its name. @throws Error when there is none */
  resource(name: string): ResourceState {
    const found = this.state.resources.find(({ urn }) => nameOf(urn) === name);
    if (!found) throw new Error(`the state has no ${name}`);
    return found;
  }

  /** The state as the text that is saved, secrets encrypted. */
  async stateText(): Promise<string> {
    const { project, stack } = this.#options;
    const manager = await PassphraseManager.create(async () => "test");
    return new CheckpointCodec(`${ORGANIZATION}/${project}/${stack}`, manager).encode(this.state);
  }
}
