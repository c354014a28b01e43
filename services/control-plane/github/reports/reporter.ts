import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../../lib/errors.ts";
import type { Clock } from "../../types.ts";
import { type CommitStatus, type DeploymentStatus, ForgeError, type RepositoryForge } from "../forge/forge.ts";
import { OWN_CONTEXT } from "../worker/ci.ts";
import type { Outbox, Outcome, Report } from "./outbox.ts";

/** Milliseconds between two writes, as GitHub asks for. */
const APART_MS = 1000;
/** Milliseconds before something is tried again: at first, and at most. */
const FIRST_RETRY_MS = 5_000;
const MAX_RETRY_MS = 900_000;
/** Milliseconds after which nobody wants to know any more. */
const MAX_AGE_MS = 3 * 86_400_000;

/** Where a link's repository is told of deployments. */
interface Addressee {
  readonly forge: RepositoryForge;
  /** `owner/name`. */
  readonly repository: string;
  /** As lines of an app's log begin. @default "GitHub" */
  readonly label?: string;
}

interface ReporterOptions {
  readonly outbox: Outbox;
  /** Undefined: there is no such link any more. @throws UserError */
  addressee(stack: string): Promise<Addressee | undefined>;
  /** A line of an app's log. */
  tell(app: string, text: string): void;
  readonly clock: Clock;
  /** Gets what a forge does not take. */
  report(problem: string): void;
  /** @default APART_MS */
  readonly apart?: number;
}

const STATES: Readonly<Record<Exclude<Outcome, "inactive">, CommitStatus["state"]>> = {
  in_progress: "pending",
  success: "success",
  failure: "failure",
};

/** Tells forges what stands in the outbox, one write after the other. Nothing waits for it. */
export class Reporter implements AsyncDisposable {
  readonly #options: ReporterOptions;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** There is something to tell. */
  wake(): void {
    clearTimeout(this.#timer);
    if (this.#stopping.signal.aborted || this.#running !== undefined) return;
    this.#running = this.drain()
      .catch((error: unknown) => this.#options.report(`deployments cannot be told of: ${messageOf(error)}`))
      .finally(() => {
        this.#running = undefined;
        this.#rest();
      });
  }

  /** Tells all that is to be told now. */
  async drain(): Promise<void> {
    const { outbox } = this.#options;
    const { signal } = this.#stopping;
    for (let report = outbox.next(); report !== undefined && !signal.aborted; report = outbox.next()) {
      await this.#tell(report);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  #rest(): void {
    const at = this.#options.outbox.nextAt();
    if (at === undefined || this.#stopping.signal.aborted) return;
    const pause = Math.min(MAX_RETRY_MS, Math.max(FIRST_RETRY_MS / 10, at - this.#options.clock()));
    this.#timer = setTimeout(() => this.wake(), pause);
  }

  async #tell(report: Report): Promise<void> {
    const { outbox, addressee, clock, report: problem } = this.#options;
    try {
      const to = clock() - report.createdAt > MAX_AGE_MS ? undefined : await addressee(report.stack);
      if (to === undefined) outbox.drop(report.id);
      else {
        await this.#status(report, to);
        await this.#deployment(report, to);
        outbox.told(report);
      }
    } catch (error) {
      if (error instanceof ForgeError && error.problem === "other") {
        problem(`a deployment of ${report.app} cannot be told of: ${error.message}`);
        outbox.drop(report.id);
        return;
      }
      const pause = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** report.attempts);
      const until = error instanceof ForgeError ? (error.until ?? 0) : 0;
      outbox.later(report.id, Math.max(clock() + pause, until));
    }
  }

  async #status(report: Report, to: Addressee): Promise<void> {
    const { id, app, commit, wanted, description, logUrl, status } = report;
    if (wanted === "inactive" || wanted === status) return;
    const context = `${OWN_CONTEXT}${app}`;
    await this.#unlessLacking(report, to, "commit statuses", async () => {
      await to.forge.setStatus(to.repository, commit, { state: STATES[wanted], context, description, url: logUrl });
      this.#options.outbox.saidStatus(id, wanted);
    });
  }

  async #deployment(report: Report, to: Addressee): Promise<void> {
    const { id, app, commit, build, wanted, description, environmentUrl, logUrl, deployed } = report;
    if (wanted === deployed) return;
    const { outbox } = this.#options;
    await this.#unlessLacking(report, to, "deployments", async () => {
      let { deployment } = report;
      if (deployment === undefined) {
        // Nobody hears of one that was made for nobody.
        if (wanted === "inactive") return;
        outbox.making(id);
        const wish = { commit, environment: app, description, mark: build, transient: report.transient };
        deployment = await to.forge.deployment(to.repository, wish, { find: report.making });
        outbox.made(id, deployment);
        await this.#pause();
      }
      const state: DeploymentStatus = {
        state: wanted,
        description,
        logUrl,
        ...(wanted === "success" && { environmentUrl }),
      };
      await to.forge.setDeployment(to.repository, deployment, state);
      outbox.saidDeployment(id, wanted);
    });
  }

  /** What a credential may not do, or a forge has not, is said once and then left out. */
  async #unlessLacking(
    { stack, app }: Report,
    { label = "GitHub" }: Addressee,
    what: string,
    write: () => Promise<void>,
  ): Promise<void> {
    const { outbox, tell } = this.#options;
    if (outbox.lacks(stack, what)) return;
    try {
      await write();
    } catch (error) {
      const lacking = error instanceof ForgeError && ["forbidden", "absent", "lacking"].includes(error.problem);
      if (!lacking) throw error;
      outbox.lack(stack, what);
      tell(app, `${label}: ${what} of this repository are left out from now on: ${error.message}`);
    } finally {
      await this.#pause();
    }
  }

  #pause(): Promise<unknown> {
    const { apart = APART_MS } = this.#options;
    return sleep(apart, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }
}
