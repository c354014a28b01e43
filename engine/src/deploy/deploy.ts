import grpc from "@grpc/grpc-js";
import { channelOptions, listen } from "../plugin/channel.ts";
import { loadProvider, type ProviderSources } from "../plugin/load.ts";
import { BuiltinProvider } from "./builtin.ts";
import { Callbacks } from "./callbacks.ts";
import { chooseDeletes, deleteAll, refusedDeleteMessage } from "./deletes.ts";
import { Deployment } from "./deployment.ts";
import { addEngineService } from "./engine-service.ts";
import { messageOf, Reported, Stopped } from "./errors.ts";
import { Executor } from "./executor.ts";
import { deleteHooks, Hooks } from "./hooks.ts";
import type { InstanceContext } from "./instance.ts";
import { Journal } from "./journal.ts";
import { launch } from "./launch.ts";
import { Monitor } from "./monitor.ts";
import { refreshAll } from "./refresh.ts";
import { Registry } from "./registry.ts";
import { Resolver } from "./resolver.ts";
import { settleOperations } from "./settle.ts";
import { Steps } from "./steps.ts";
import { Targets, unknownUrnMessage, unknownUrns } from "./targets.ts";
import { Transforms } from "./transforms.ts";
import type { DeploymentHost, DeploymentOptions, DeploymentResult, Program, ResourceState, Snapshot } from "./types.ts";
import { stackType } from "./urn.ts";

/**
 * Runs a deployment: an update (its preview with `dryRun`), a refresh or a destroy of a stack whose last
 * state is `snapshot`. What goes wrong is told by diagnostic events; the promise rejects only when the host's
 * own functions fail.
 */
export async function deploy(
  options: DeploymentOptions,
  snapshot: Snapshot,
  host: DeploymentHost,
): Promise<DeploymentResult> {
  const run = new Run(options, host);
  try {
    return await run.deploy(snapshot);
  } finally {
    await run.close();
  }
}

class Run {
  readonly #options: DeploymentOptions;
  readonly #host: DeploymentHost;
  readonly #engine = new grpc.Server(channelOptions);
  readonly #monitor = new grpc.Server(channelOptions);
  readonly #executor: Executor;
  readonly #targets: Targets;
  readonly #context: InstanceContext;
  readonly #registries: Registry[] = [];
  readonly #listening: Promise<number>[] = [];
  #closed = false;
  #engineAddress = "";
  /** What is saved, or would be if this were no preview. */
  #journal: Journal | undefined;
  #hostFailure: unknown;

  constructor(options: DeploymentOptions, host: DeploymentHost) {
    this.#options = options;
    this.#host = host;
    this.#targets = new Targets(options);
    this.#executor = new Executor({
      ...options,
      countsRefreshes: options.kind === "refresh",
      event: (event) => host.event(event),
    });
    this.#context = {
      dryRun: options.dryRun,
      signal: host.cancel,
      log: (urn, severity, message) => {
        const status = severity === "status";
        host.event({ kind: "diagnostic", urn, severity: status ? "info" : severity, message, ephemeral: status });
      },
    };
    if (host.cancel.aborted) this.#executor.stop();
    else host.cancel.addEventListener("abort", () => this.#executor.stop(), { once: true });
  }

  async deploy(last: Snapshot): Promise<DeploymentResult> {
    let start = last;
    try {
      addEngineService(this.#engine, (event) => this.#host.event(event));
      this.#engineAddress = await this.#listen(this.#engine);
      start = await this.#unlessTerminated(this.#settle(last));
      await this.#unlessTerminated(this.#run(start));
    } catch (error) {
      if (this.#hostFailure) throw this.#hostFailure;
      if (!(error instanceof Stopped || error instanceof Reported)) this.#executor.fail(messageOf(error));
    }
    return this.#result(start);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#host.ahead?.stop();
    // A server that is just about to listen would do so for ever.
    await Promise.allSettled(this.#listening);
    await Promise.all(this.#registries.map((registry) => registry.close()));
    this.#engine.forceShutdown();
    this.#monitor.forceShutdown();
  }

  /** @returns host:port @throws Stopped when the deployment was given up meanwhile */
  async #listen(server: grpc.Server): Promise<string> {
    if (this.#closed) throw new Stopped();
    const listening = listen(server);
    this.#listening.push(listening);
    return `127.0.0.1:${await listening}`;
  }

  async #run(start: Snapshot): Promise<void> {
    const { kind, refresh, targets, excludes, replace, program } = this.#options;
    // With a program, a refresh reads each resource when the program has registered it.
    const refreshesFirst = kind === "refresh" ? !program : refresh && !(kind === "update" && this.#options.runProgram);
    if (kind !== "update" || refreshesFirst) this.#refuseUnknown([...targets, ...excludes], start);
    this.#refuseUnknown(replace, start);
    if (kind === "destroy" && !program) this.#refuseDeleteHooks(start);
    const current = refreshesFirst ? await this.#refresh(start) : start;
    if (program) await this.#runProgram(current, program);
    else if (kind === "destroy") await this.#destroy(current);
    else if (kind === "update") throw new Error("an update needs a program");
  }

  #refuseUnknown(urns: readonly string[], { resources }: Snapshot): void {
    const unknown = unknownUrns(
      urns,
      resources.map(({ urn }) => urn),
    );
    for (const urn of unknown) this.#executor.fail(unknownUrnMessage(urn));
    if (unknown.length > 0) throw new Stopped();
  }

  #refuseDeleteHooks({ resources }: Snapshot): void {
    const hooks = deleteHooks(resources);
    for (const [urn, names] of hooks) {
      const message = `Resource has delete hooks registered, but the program is not running. Hooks: ${names.join(", ")}`;
      this.#executor.fail(message, urn);
    }
    if (hooks.length > 0)
      throw new Error("You must run with the `--run-program` flag to use delete hooks during destroy.");
  }

  /** Deals with what a killed deployment left behind, and saves the result before anything else is done. */
  async #settle(last: Snapshot): Promise<Snapshot> {
    if (last.pendingOperations.length === 0) return last;
    const pendingOperations = this.#options.clearPendingCreates
      ? last.pendingOperations.filter(({ type }) => type !== "creating")
      : last.pendingOperations;
    const warn = (urn: string, message: string) =>
      this.#host.event({ kind: "diagnostic", severity: "warning", urn, message });
    const registry = this.#newRegistry(last.resources);
    const settled = await settleOperations({ ...last, pendingOperations }, registry, warn);
    if (!this.#options.dryRun) await this.#persist(settled);
    return settled;
  }

  async #refresh(start: Snapshot): Promise<Snapshot> {
    const { journal, steps } = this.#begin(start);
    await refreshAll(journal, steps, this.#executor, this.#targets);
    return journal.snapshot();
  }

  async #destroy(start: Snapshot): Promise<void> {
    const { journal, steps } = this.#begin(start);
    const current = journal.current();
    const { goes, refused } = chooseDeletes(current, () => true, this.#targets);
    for (const urn of refused) this.#executor.fail(refusedDeleteMessage(urn), urn);
    if (refused.length > 0) throw new Stopped();
    if (this.#options.excludeProtected && goes.size === 0) return;
    for (const [state, entry] of current) if (!goes.has(state) && !state.delete) this.#executor.keep(entry);
    await deleteAll(goes, steps, this.#executor);
  }

  async #runProgram(start: Snapshot, program: Program): Promise<void> {
    const { journal, registry } = this.#begin(start);
    const callbacks = new Callbacks();
    const deployment = new Deployment({
      options: this.#options,
      journal,
      registry,
      executor: this.#executor,
      targets: this.#targets,
      signal: this.#host.cancel,
      hooks: new Hooks({
        callbacks,
        dryRun: this.#options.dryRun,
        signal: this.#host.cancel,
        warn: (message, urn) => this.#executor.warn(message, urn),
        fail: (message, urn) => this.#executor.fail(message, urn),
      }),
    });
    const resolver = new Resolver(deployment);
    const transforms = new Transforms(callbacks);
    new Monitor(deployment, resolver, transforms).addTo(this.#monitor);
    const running = launch(program, {
      options: this.#options,
      monitorAddress: await this.#listen(this.#monitor),
      engineAddress: this.#engineAddress,
      event: (event) => this.#host.event(event),
      ahead: this.#host.ahead,
    });
    registry.expect();
    try {
      // A failed or cancelled deployment ends the program, once the steps that run are done.
      const stopped = new Promise<void>((resolve) => this.#executor.onStop(resolve)).then(async () => {
        await this.#executor.drained();
        await running.stop();
        return undefined;
      });
      const failure = await Promise.race([running.ended, stopped]);
      if (failure !== undefined && !this.#executor.stopped) this.#programFailed(failure);
      await this.#executor.drained();
      if (this.#executor.failed || this.#executor.stopped) await deployment.abandon();
      else await deployment.finish();
    } finally {
      await running.stop();
      callbacks.close();
    }
  }

  /** An empty message: the program has told it already. */
  #programFailed(message: string): void {
    if (message) this.#executor.fail(message);
    else this.#executor.failed = true;
  }

  #begin(start: Snapshot): { journal: Journal; registry: Registry; steps: Steps } {
    const { dryRun } = this.#options;
    const journal = new Journal(start, dryRun ? undefined : (snapshot) => this.#persist(snapshot));
    this.#journal = journal;
    const registry = this.#newRegistry(start.resources);
    return { journal, registry, steps: new Steps({ journal, registry, dryRun, signal: this.#host.cancel }) };
  }

  #newRegistry(olds: readonly ResourceState[]): Registry {
    const options = this.#options;
    const { program } = options;
    const sources: ProviderSources = {
      given: {
        ...options.providers,
        pulumi: () => new BuiltinProvider((stack) => this.#host.stackOutputs(stack)),
      },
      paths: options.providerPaths,
      environment: {
        engineAddress: () => this.#engineAddress,
        programDirectory: program && "directory" in program ? program.directory : options.root,
        project: options.project,
        config: Object.fromEntries(Object.entries(options.config).map(([key, { value }]) => [key, value])),
        output: (message) => this.#host.event({ kind: "diagnostic", severity: "info#err", message }),
      },
    };
    const registry = new Registry((name, version) => loadProvider(name, version, sources), olds, this.#context);
    this.#registries.push(registry);
    return registry;
  }

  async #persist(snapshot: Snapshot): Promise<void> {
    // Whoever terminated the deployment may have given the stack to somebody else by now.
    this.#host.terminate.throwIfAborted();
    try {
      await this.#host.persist(snapshot);
    } catch (error) {
      // Going on without a saved state could orphan everything made from here on.
      this.#hostFailure ??= error;
      this.#executor.stop();
      throw error;
    }
  }

  /** The second Ctrl-C gives up what still runs. */
  async #unlessTerminated<T>(run: Promise<T>): Promise<T> {
    const { terminate } = this.#host;
    const terminated = new Promise<never>((_, reject) => {
      const giveUp = () => {
        this.#executor.stop();
        reject(new Stopped());
      };
      if (terminate.aborted) giveUp();
      else terminate.addEventListener("abort", giveUp, { once: true });
    });
    run.catch(() => {});
    return Promise.race([run, terminated]);
  }

  #result(start: Snapshot): DeploymentResult {
    const canceled = this.#host.cancel.aborted || this.#host.terminate.aborted;
    const { failed, changes } = this.#executor;
    const snapshot = this.#journal?.snapshot() ?? start;
    const what = this.#options.dryRun ? "preview" : this.#options.kind;
    if (canceled || failed) {
      const message = `${what} ${canceled ? "canceled" : "failed"}`;
      this.#host.event({ kind: "diagnostic", severity: "error", message });
    }
    return {
      result: canceled ? "canceled" : failed ? "failed" : "succeeded",
      changes,
      snapshot,
      outputs: snapshot.resources.find((state) => state.type === stackType && !state.delete)?.outputs,
      maybeCorrupt: snapshot.pendingOperations.length > 0,
    };
  }
}
