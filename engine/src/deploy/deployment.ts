import { equalMaps } from "../values/equality.ts";
import { secret } from "../values/secrets.ts";
import type { PropertyMap } from "../values/values.ts";
import { deleteAll } from "./deletes.ts";
import { messageOf, Reported, Stopped } from "./errors.ts";
import type { Executor } from "./executor.ts";
import { Generator } from "./generator.ts";
import { type Goal, plainGoal } from "./goal.ts";
import type { Entry, Journal } from "./journal.ts";
import type { Registry } from "./registry.ts";
import { Steps, timestamp } from "./steps.ts";
import { globPattern, type Targets } from "./targets.ts";
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

export interface DeploymentContext {
  readonly options: DeploymentOptions;
  readonly journal: Journal;
  readonly registry: Registry;
  readonly executor: Executor;
  readonly targets: Targets;
  readonly signal: AbortSignal;
}

/** An update: what the program registers is made so, and what it does not register any more is deleted. */
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
  #stackOutputs: PropertyMap | undefined;
  #finished: Promise<void> | undefined;

  constructor(context: DeploymentContext) {
    this.#context = context;
    const { options, journal, registry, signal } = context;
    this.#steps = new Steps({ journal, registry, dryRun: options.dryRun, signal });
    const replace = options.replace.map(globPattern);
    this.#generator = new Generator({
      stack: options.stack,
      project: options.project,
      journal,
      registry,
      steps: this.#steps,
      targets: context.targets,
      replace: (urn) => replace.some((pattern) => pattern.test(urn)),
    });
  }

  get executor(): Executor {
    return this.#context.executor;
  }

  get options(): DeploymentOptions {
    return this.#context.options;
  }

  get registry(): Registry {
    return this.#context.registry;
  }

  /** The state of a resource that the program has registered. */
  registered(urn: string): ResourceState | undefined {
    return this.#entries.get(urn)?.state;
  }

  /** Makes a resource what the goal says. Throws Stopped when the deployment is ending. */
  async register(goal: Goal): Promise<Registered> {
    const { executor } = this.#context;
    const refuse = (urn: string, message: string) => executor.fail(message, urn);
    const planning = this.#planning.then(async () => {
      if (executor.stopped) throw new Stopped();
      return this.#generator.plan(goal, refuse);
    });
    this.#planning = planning.catch(() => {});
    const plan = await planning.catch((error: unknown) => {
      if (!(error instanceof Reported || error instanceof Stopped))
        executor.fail(messageOf(error), this.#generator.urnOf(goal));
      throw new Stopped();
    });
    const { entry } = plan;
    if (plan.skipped) return { state: entry.state, succeeded: true, skipped: true };
    if (plan.after) await this.#deleting.get(plan.after);
    try {
      const run = executor.run(plan.steps);
      for (const gone of plan.deletes) {
        this.#deleting.set(
          gone,
          run.catch(() => {}),
        );
      }
      await run;
      if (plan.follow) await executor.run(await plan.follow());
      this.#entries.set(entry.state.urn, entry);
      return { state: entry.state, succeeded: true, skipped: false };
    } catch (error) {
      if (error instanceof Reported && this.options.continueOnError) {
        return { state: entry.state, succeeded: false, skipped: false };
      }
      throw new Stopped();
    }
  }

  /** Finishes a component. The stack's own outputs take effect when everything else has. */
  async registerOutputs(urn: string, outputs: PropertyMap): Promise<void> {
    const entry = this.#entries.get(urn);
    if (!entry) throw new Error(`cannot complete a resource '${urn}' whose registration isn't pending`);
    if (entry.state.type === stackType) this.#stackOutputs = outputs;
    else await this.#setOutputs(entry, outputs);
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
    const { base } = journal;
    await executor.drained();
    if (executor.stopped) throw new Stopped();
    const unwanted = base.filter((entry) => {
      if (journal.isSettled(entry)) return false;
      if (!entry.state.delete && this.#generator.wants(entry)) return false;
      return targets.includesExactly(entry.state);
    });
    await deleteAll(unwanted, this.#steps, executor, (urn) => this.#generator.wasReplaced(urn));
    const stack = this.#stack();
    if (stack) await this.#setOutputs(stack, this.#stackOutputs ?? {});
    executor.completeAll();
  }

  async #setOutputs(entry: Entry, outputs: PropertyMap): Promise<void> {
    const { state } = entry;
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
