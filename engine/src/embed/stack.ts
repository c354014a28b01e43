import { readOutputs, type StackReader } from "../cli/stack-outputs.ts";
import type { DeploymentEvent, DeploymentOptions, ResourceState, Snapshot } from "../deploy/types.ts";
import type { Provider } from "../plugin/contract.ts";
import type { Backend } from "../state/backend.ts";
import { CheckpointCodec, type Deployment, PULUMI_VERSION, parseCheckpoint, saltOf } from "../state/checkpoint.ts";
import { UserError } from "../state/errors.ts";
import { contradictionOf, IntegrityError } from "../state/integrity.ts";
import { lockStack } from "../state/lock.ts";
import { openBackend } from "../state/open-backend.ts";
import { PassphraseManager } from "../state/passphrase.ts";
import { parseStackName, qualified, type StackName } from "../state/stack-name.ts";
import { StateWriter } from "../state/state-writer.ts";
import type { PropertyMap } from "../values/values.ts";
import { type AnyProgram, type Deployed, type RunOptions, run } from "./run.ts";

/** Configuration by full key (`project:size`); secrets are `{ value, secret: true }`. */
export type Config = Readonly<Record<string, string | { readonly value: string; readonly secret: boolean }>>;

export interface StackSettings {
  readonly project: string;
  readonly stack: string;
  /** Where states are kept, as in PULUMI_BACKEND_URL: `file://…` or `postgres://…`; the `pulumi` command finds the stack there too. */
  readonly backend: string;
  /** What the stack's secrets are encrypted with. Without one, a stack that has a secret cannot be saved. */
  readonly passphrase?: string;
  /** @default none */
  readonly config?: Config;
  /** Providers by package, each call a new one; they go before those that the engine brings or finds. @default none */
  readonly providers?: Readonly<Record<string, () => Provider>>;
  /** Folders of providers by package. @default none */
  readonly providerPaths?: Readonly<Record<string, string>>;
  /** Where relative paths start; the process changes to it for providers of the engine and by path. @default where it is */
  readonly root?: string;
}

type What = Pick<RunOptions, "kind" | "dryRun" | "program" | "runProgram">;
type Choices = "refresh" | "parallel" | "targets" | "targetDependents" | "excludes" | "excludeDependents" | "replace";

/** What `up` and the others take; each is off or empty by default. */
export interface StackOptions
  extends Partial<
    Pick<DeploymentOptions, Choices | "continueOnError" | "excludeProtected" | "clearPendingCreates" | "debug">
  > {
  /** Called with everything that happens, at once. */
  readonly onEvent?: (event: DeploymentEvent) => void;
  /** Aborted: no new steps are begun, those that run are finished, and the state is saved. */
  readonly signal?: AbortSignal;
  /** For the history. @default "" */
  readonly message?: string;
}

/** A stack whose deployments run in this process, on states that the `pulumi` command reads and writes too. */
export class Stack {
  readonly #settings: StackSettings;
  readonly #name: StackName;
  readonly #backend: Backend;
  readonly #managers = new Map<string, PassphraseManager>();
  #first: Promise<PassphraseManager> | undefined;

  private constructor(settings: StackSettings) {
    this.#settings = settings;
    this.#name = parseStackName(settings.stack, settings.project);
    this.#backend = openBackend(settings.backend, settings.root ?? process.cwd());
  }

  /** A stack that is there, or will be with its first `up`. @throws UserError when names or the backend are not right */
  static async open(settings: StackSettings): Promise<Stack> {
    const stack = new Stack(settings);
    await stack.#backend.prepare();
    return stack;
  }

  /** Makes everything what the program says. What goes wrong is in the result; see `DeploymentResult.result`. */
  up(program: AnyProgram, options: StackOptions = {}): Promise<Deployed> {
    return this.#change({ kind: "update", program }, options);
  }

  /** What `up` would do; saves nothing and needs no lock. */
  async preview(program: AnyProgram, options: StackOptions = {}): Promise<Deployed> {
    const { snapshot } = await this.#read();
    return this.#run({ kind: "update", dryRun: true, program }, options, snapshot);
  }

  /**
   * Makes the state what is really there.
   *
   * @param program run too, so that each resource is read by the provider that it configures
   */
  refresh(options: StackOptions = {}, program?: AnyProgram): Promise<Deployed> {
    return this.#change({ kind: "refresh", program, runProgram: program !== undefined }, options);
  }

  /**
   * Deletes everything; see `remove` for what is left then.
   *
   * @param program run too, so that each resource is deleted by the provider that it configures
   */
  destroy(options: StackOptions = {}, program?: AnyProgram): Promise<Deployed> {
    return this.#change({ kind: "destroy", program, runProgram: program !== undefined }, options);
  }

  /** The stack's outputs; undefined when there is no such stack. Secrets are `Secret`s. */
  outputs(): Promise<PropertyMap | undefined> {
    return readOutputs(this.#reader, this.#name.stack);
  }

  /** Everything that the state remembers; providers and the stack itself are among it. */
  async resources(): Promise<readonly ResourceState[]> {
    return (await this.#read()).snapshot.resources;
  }

  /** Forgets the stack and its history. @throws UserError when it still has resources */
  async remove(): Promise<void> {
    await this.#locked(async () => {
      if ((await this.resources()).length > 0) throw new UserError(`${this.#name.stack} still has resources`);
      await this.#backend.remove(this.#name);
    });
  }

  readonly #reader: StackReader = {
    stackName: async (text) => parseStackName(text, this.#name.project),
    backend: async () => this.#backend,
    managerOf: (deployment) => this.#managerOf(deployment),
  };

  async #change(what: What, options: StackOptions): Promise<Deployed> {
    return this.#locked(async () => {
      const startTime = seconds();
      const { snapshot, codec } = await this.#read();
      const writer = new StateWriter(this.#backend, this.#name, codec, true);
      const result = await this.#run(what, options, snapshot, (next) => writer.persist(next));
      await writer.persist(result.snapshot);
      await this.#backend.addHistory(this.#name, {
        kind: what.kind,
        startTime,
        message: options.message ?? "",
        environment: { "exec.kind": "embedded", "pulumi.version": PULUMI_VERSION },
        config: {},
        version: 0,
        result: result.result === "succeeded" ? "succeeded" : "failed",
        endTime: seconds(),
        resourceChanges: { ...result.changes },
      });
      return result;
    }, options.onEvent);
  }

  #run(
    what: What,
    { onEvent, signal, message, ...options }: StackOptions,
    snapshot: Snapshot,
    persist?: (snapshot: Snapshot) => Promise<void>,
  ): Promise<Deployed> {
    const { project, stack, root = process.cwd(), config = {}, providers = {}, providerPaths = {} } = this.#settings;
    return run(
      { ...what, ...options, project, stack, root, providers, providerPaths, config: withSecrets(config) },
      snapshot,
      {
        stackOutputs: (other) => readOutputs(this.#reader, other),
        ...(persist && { persist }),
        ...(onEvent && { event: onEvent }),
        ...(signal && { cancel: signal }),
      },
    );
  }

  /** @throws IntegrityError when the state contradicts itself */
  async #read(): Promise<{ snapshot: Snapshot; codec: CheckpointCodec }> {
    const text = await this.#backend.read(this.#name);
    const deployment = text === undefined ? undefined : parseCheckpoint(text).deployment;
    const contradiction = deployment && contradictionOf(deployment);
    if (contradiction !== undefined) throw new IntegrityError(contradiction, undefined);
    const codec = new CheckpointCodec(qualified(this.#name), this.#managerOf(deployment) ?? (await this.#newManager()));
    return { snapshot: await codec.decode(deployment), codec };
  }

  /** The same one for the same salt, so that its key is derived once. */
  #managerOf(deployment: Deployment | undefined): PassphraseManager | undefined {
    const salt = saltOf(deployment);
    if (salt === undefined) return undefined;
    const manager = this.#managers.get(salt) ?? new PassphraseManager(salt, () => this.#passphrase());
    this.#managers.set(salt, manager);
    return manager;
  }

  /** What a state without a salt gets; made once. */
  async #newManager(): Promise<PassphraseManager | undefined> {
    if (this.#settings.passphrase === undefined) return undefined;
    this.#first ??= PassphraseManager.create(() => this.#passphrase());
    const manager = await this.#first;
    this.#managers.set(manager.state, manager);
    return manager;
  }

  async #passphrase(): Promise<string> {
    const { passphrase, stack } = this.#settings;
    if (passphrase === undefined) throw new UserError(`the secrets of ${stack} need their passphrase`);
    return passphrase;
  }

  async #locked<T>(work: () => Promise<T>, tell?: StackOptions["onEvent"]): Promise<T> {
    const lock = await lockStack(this.#backend, this.#name, (message) =>
      tell?.({ kind: "diagnostic", severity: "warning", message }),
    );
    try {
      return await work();
    } finally {
      await lock.release();
    }
  }
}

/** Configuration as deployments take it. */
export function withSecrets(config: Config): DeploymentOptions["config"] {
  const entries = Object.entries(config);
  return Object.fromEntries(
    entries.map(([key, it]) => [key, typeof it === "string" ? { value: it, secret: false } : it]),
  );
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
