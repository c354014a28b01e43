/** One run of the deployment core, with everything that watches it: display, event log, JSON digest. */
import type {
  DeploymentEvent,
  DeploymentHost,
  DeploymentOptions,
  DeploymentResult,
  Snapshot,
} from "../deploy/types.ts";
import { PreviewDigest } from "./digest.ts";
import { isRootStack } from "./display/names.ts";
import { ProgressDisplay } from "./display/progress.ts";
import type { EventLog } from "./events.ts";
import type { Interruption } from "./interruption.ts";
import type { Session } from "./session.ts";

/** What watches a deployment. */
interface Watcher {
  event(event: DeploymentEvent): void;
  finish(result: DeploymentResult, milliseconds: number): void;
}

export class Operation {
  readonly #options: DeploymentOptions;
  readonly #config: Readonly<Record<string, string>>;
  readonly #log: EventLog;
  readonly #interruption: Interruption;
  readonly #session: Session;

  /** @param config values by full key, secrets masked */
  constructor(
    session: Session,
    options: DeploymentOptions,
    config: Readonly<Record<string, string>>,
    log: EventLog,
    interruption: Interruption,
  ) {
    this.#session = session;
    this.#options = options;
    this.#config = config;
    this.#log = log;
    this.#interruption = interruption;
  }

  async run(
    snapshot: Snapshot,
    state: Pick<DeploymentHost, "persist" | "stackOutputs" | "ahead">,
  ): Promise<DeploymentResult> {
    const { deploy } = await import("../deploy/deploy.ts");
    const startedAt = performance.now();
    const watcher = this.#watcher(snapshot);
    this.#log.prelude(this.#config);
    const debug = this.#session.flags.isOn("debug");
    const event = (happened: DeploymentEvent) => {
      // The SDK's debugging lines hold what it sends, secrets included; unlike the real CLI we log them only on demand.
      if (happened.kind === "diagnostic" && happened.severity === "debug" && !debug) return;
      this.#log.deployment(happened);
      watcher.event(happened);
    };
    const { cancel, terminate } = this.#interruption;
    const result = await deploy(this.#options, snapshot, { ...state, event, cancel, terminate });
    const milliseconds = performance.now() - startedAt;
    this.#log.summary({
      maybeCorrupt: result.maybeCorrupt,
      durationSeconds: Math.round(milliseconds / 1000),
      resourceChanges: result.changes as Record<string, number>,
      isPreview: this.#options.dryRun,
      result: result.result === "succeeded" ? "succeeded" : "failed",
    });
    watcher.finish(result, milliseconds);
    return result;
  }

  #watcher(snapshot: Snapshot): Watcher {
    const { flags, terminal } = this.#session;
    if (flags.isOn("json")) return this.#jsonWatcher();
    const { kind, dryRun, project, stack } = this.#options;
    const display = new ProgressDisplay(terminal, {
      kind,
      preview: dryRun,
      project,
      stack,
      diff: flags.isOn("diff") || (dryRun && terminal.interactive),
      suppressOutputs: flags.isOn("suppress-outputs"),
      suppressProgress: flags.isOn("suppress-progress"),
      showReads: flags.isOn("show-reads"),
    });
    display.start();
    const outputs = snapshot.resources.find(({ urn }) => isRootStack(urn))?.outputs ?? {};
    return {
      event: (event) => display.event(event),
      finish: (result, milliseconds) => display.finish(result, outputs, milliseconds),
    };
  }

  #jsonWatcher(): Watcher {
    const digest = new PreviewDigest(this.#config);
    return {
      event: (event) => digest.event(event),
      finish: (result, milliseconds) => this.#session.terminal.line(digest.finish(result, milliseconds)),
    };
  }
}
