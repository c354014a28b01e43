import { equalMaps } from "../values/equality.ts";
import { containsUnknowns, secret } from "../values/secrets.ts";
import type { PropertyMap } from "../values/values.ts";
import { chooseDeletes, deleteAll, refusedDeleteMessage } from "./deletes.ts";
import { messageOf, Reported, Stopped } from "./errors.ts";
import type { Executor } from "./executor.ts";
import { Generator } from "./generator.ts";
import { type Goal, plainGoal } from "./goal.ts";
import type { Hooks } from "./hooks.ts";
import type { Entry, Journal } from "./journal.ts";
import { refreshEntries } from "./refresh.ts";
import type { Registry } from "./registry.ts";
import { timestamp } from "./step-states.ts";
import { Steps } from "./steps.ts";
import { globPattern, type Targets, unknownUrnMessage, unknownUrns } from "./targets.ts";
import type { DeploymentOptions, ResourceState } from "./types.ts";
import { providerType, stackType } from "./urn.ts";

/** What a program is told about a resource that it registered. */
export interface Registered {
  readonly state: ResourceState;
  /** False: the resource could not be made, and the deployment goes on (`--continue-on-error`). */
  readonly succeeded: boolean;
  /** Nothing was done and nothing is known: the resource is not targeted. */
  readonly skipped: boolean;
}

interface DeploymentContext {
  readonly options: DeploymentOptions;
  readonly journal: Journal;
  readonly registry: Registry;
  readonly executor: Executor;
  readonly targets: Targets;
  readonly signal: AbortSignal;
  readonly hooks: Hooks;
}

/**
 * What a program is run for. An update: what it registers is made so, and what it does not register any more is
 * deleted. A refresh or destroy with its program: each resource is read or deleted by the provider that the program
 * configures for it.
 */
export class Deployment {
  readonly #context: DeploymentContext;
  readonly #steps: Steps;
  readonly #generator: Generator;
  readonly #entries = new Map<string, Entry>();
  readonly #defaults = new Map<string, Promise<string>>();
  /** Deletions under way of resources that are to be made again. */
  readonly #deleting = new Map<Entry, Promise<unknown>>();
  /** Plans are made one at a time: each depends on what the ones before decided. */
  #planning: Promise<unknown> = Promise.resolve();
  /** Names of what was registered and is not there, since it is not meant. */
  readonly #skipped = new Set<string>();
  #stackOutputs: PropertyMap | undefined;
  #finished: Promise<void> | undefined;

  constructor(context: DeploymentContext) {
    this.#context = context;
    const { options, journal, registry, signal, hooks } = context;
    this.#steps = new Steps({ journal, registry, dryRun: options.dryRun, signal, hooks });
    const replace = options.replace.map(globPattern);
    this.#generator = new Generator({
      stack: options.stack,
      project: options.project,
      journal,
      registry,
      steps: this.#steps,
      targets: context.targets,
      kind: options.kind,
      refresh:
        options.refresh && options.runProgram
          ? (old, provider) => context.executor.run([this.#steps.refresh(old, provider)])
          : undefined,
      replace: (urn) => replace.some((pattern) => pattern.test(urn)),
      refuse: (urn, message, goOn) => context.executor.fail(message, urn, goOn || undefined),
    });
  }

  get executor(): Executor {
    return this.#context.executor;
  }

  get options(): DeploymentOptions {
    return this.#context.options;
  }

  /** Where the program's relative paths begin. */
  get folder(): string {
    const { program, root } = this.options;
    return program && "directory" in program ? program.directory : root;
  }

  get registry(): Registry {
    return this.#context.registry;
  }

  get hooks(): Hooks {
    return this.#context.hooks;
  }

  /** The state of a resource that the program has registered. */
  registered(urn: string): ResourceState | undefined {
    return this.#entries.get(urn)?.state;
  }

  /** Makes a resource what the goal says. Throws Stopped when the deployment is ending. */
  async register(goal: Goal): Promise<Registered> {
    const { executor } = this.#context;
    const planning = this.#planning.then(async () => {
      if (executor.stopped) throw new Stopped();
      return this.#generator.plan(goal);
    });
    this.#planning = planning.catch(() => {});
    const plan = await planning.catch((error: unknown) => {
      if (!(error instanceof Reported || error instanceof Stopped))
        executor.fail(messageOf(error), this.#generator.urnOf(goal));
      throw new Stopped();
    });
    let { entry } = plan;
    if (plan.skipped) {
      executor.keep(entry);
      return this.#skip(entry);
    }
    if (plan.after) await this.#deleting.get(plan.after);
    try {
      const run = executor.run(plan.steps);
      for (const gone of plan.deletes ?? []) {
        this.#deleting.set(
          gone,
          run.catch(() => {}),
        );
      }
      await run;
      const more = await plan.follow?.();
      if (more) {
        entry = more.entry;
        await executor.run(more.steps);
      }
      // A refresh did not find it; like the real CLI it tells of it as of one that is not made.
      if (this.#context.journal.isSettled(entry)) {
        executor.keep(entry);
        return this.#skip(entry);
      }
      this.#entries.set(entry.state.urn, entry);
      return { state: entry.state, succeeded: true, skipped: false };
    } catch (error) {
      if (error instanceof Reported && this.options.continueOnError) {
        return { state: entry.state, succeeded: false, skipped: false };
      }
      throw new Stopped();
    }
  }

  #skip({ state }: Entry): Registered {
    this.#skipped.add(state.urn);
    return { state, succeeded: true, skipped: true };
  }

  /** Finishes a component. The stack's own outputs take effect when everything else has. */
  async registerOutputs(urn: string, outputs: PropertyMap): Promise<void> {
    if (this.#skipped.has(urn)) return;
    const entry = this.#entries.get(urn);
    if (!entry) throw new Error(`cannot complete a resource '${urn}' whose registration isn't pending`);
    if (entry.state.type === stackType) this.#stackOutputs = outputs;
    else {
      await this.#setOutputs(entry, outputs);
      await this.executor.during(() => this.#steps.finish(entry));
    }
  }

  /** The reference of the default provider of a package, which is registered when it is first needed. */
  defaultProvider(packageName: string, version: string, downloadUrl: string): Promise<string> {
    const key = [packageName, version, downloadUrl].join("\n");
    let provider = this.#defaults.get(key);
    if (!provider) {
      provider = this.#registerDefault(packageName, version, downloadUrl);
      this.#defaults.set(key, provider);
    }
    return provider;
  }

  /** After the program: deletes what it did not register, and applies the stack's outputs. */
  finish(): Promise<void> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  /** After a failed program: what it said of its outputs until then is added to the old ones. */
  async abandon(): Promise<void> {
    this.executor.completeAll();
    const stack = this.#stack();
    if (!stack) return;
    const outputs = { ...stack.state.outputs, ...this.#stackOutputs };
    await this.#setOutputs(stack, outputs);
  }

  async #finish(): Promise<void> {
    const { journal, executor, targets } = this.#context;
    await executor.drained();
    if (executor.stopped) throw new Stopped();
    for (const urn of unknownUrns(this.options.targets, this.#generator.urns)) executor.fail(unknownUrnMessage(urn));
    if (executor.stopped) throw new Stopped();
    if (this.options.kind === "refresh") {
      const unread = journal.base.filter((entry) => !journal.isSettled(entry) && !this.#generator.wants(entry));
      await refreshEntries(unread, this.#steps, executor, targets);
    } else {
      await this.#deleteUnwanted();
    }
    const stack = this.#stack();
    if (stack && !journal.isSettled(stack)) await this.#setOutputs(stack, this.#stackOutputs ?? {});
    executor.completeAll();
  }

  async #deleteUnwanted(): Promise<void> {
    const { journal, executor, targets } = this.#context;
    const unregistered = new Set(journal.base.filter((entry) => entry.state.delete || !this.#generator.wants(entry)));
    const unwanted = (entry: Entry) => this.options.kind === "destroy" || unregistered.has(entry);
    const { goes, refused, kept } = chooseDeletes(journal.current(), unwanted, targets);
    for (const urn of refused) executor.fail(refusedDeleteMessage(urn), urn);
    if (refused.length > 0) throw new Stopped();
    for (const urn of kept) executor.warn("it is not deleted, since something that is no target still needs it", urn);
    const isLeft = (entry: Entry) => unregistered.has(entry) && !entry.state.delete && !journal.isSettled(entry);
    for (const [state, entry] of journal.current()) if (!goes.has(state) && isLeft(entry)) executor.keep(entry);
    await deleteAll(goes, this.#steps, executor, (urn) => this.#generator.wasDeleted(urn));
  }

  async #setOutputs(entry: Entry, given: PropertyMap): Promise<void> {
    const { state } = entry;
    const outputs = this.options.dryRun ? given : known(given, state.outputs);
    const changed = !equalMaps(state.outputs, outputs);
    entry.state = { ...state, outputs, modified: changed ? timestamp() : state.modified };
    this.executor.completed(entry);
    if (changed) await this.#context.journal.commit();
  }

  #stack(): Entry | undefined {
    return [...this.#entries.values()].find(({ state }) => state.type === stackType);
  }

  async #registerDefault(packageName: string, version: string, downloadUrl: string): Promise<string> {
    const denied = this.#deniedProviders();
    if (packageName !== "pulumi" && (denied.includes("*") || denied.includes(packageName))) {
      throw new Error(
        `default provider for '${packageName}' is disabled by pulumi:disable-default-providers; name a provider for it`,
      );
    }
    const properties: PropertyMap = {};
    for (const [key, { value, secret: isSecret }] of Object.entries(this.options.config)) {
      const [namespace, ...rest] = key.split(":");
      // Dynamic providers are given all configuration, under its full names.
      const name = packageName === "pulumi-nodejs" ? key : namespace === packageName ? rest.join(":") : undefined;
      if (name) properties[name] = isSecret ? secret(value) : value;
    }
    if (version || downloadUrl) properties.__internal = {};
    if (version) properties.version = version;
    if (downloadUrl) properties.pluginDownloadURL = downloadUrl;
    const suffix = [version.replace(/[^A-Za-z0-9]/g, "_"), downloadUrl.replace(/[^A-Za-z0-9]+/g, "_")];
    const { state } = await this.register(
      plainGoal({
        type: providerType(packageName),
        name: ["default", ...suffix].filter(Boolean).join("_"),
        custom: true,
        properties,
      }),
    );
    return `${state.urn}::${state.id}`;
  }

  #deniedProviders(): string[] {
    const list = this.options.config["pulumi:disable-default-providers"]?.value;
    return list ? JSON.parse(list) : [];
  }
}

/** The outputs without those of resources that are not there, in whose place the old ones stay. */
function known(outputs: PropertyMap, olds: PropertyMap): PropertyMap {
  const entries = Object.entries(outputs).flatMap(([key, value]) => {
    const kept = containsUnknowns(value) ? olds[key] : value;
    return kept === undefined ? [] : [[key, kept] as const];
  });
  return Object.fromEntries(entries);
}
