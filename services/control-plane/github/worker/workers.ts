import { traceOf, UserError } from "../../../../lib/errors.ts";
import type { Clock } from "../../types.ts";
import { ForgeError } from "../forge/forge.ts";
import type { Deliveries } from "../hooks/deliveries.ts";
import type { HookSecrets } from "../hooks/receive.ts";
import type { LinkOutputs, LinkOutputsReader } from "../outputs.ts";
import type { DeclaredLink } from "../ports.ts";
import { Reconciler, type ReconcilerPorts } from "./reconciler.ts";
import { PACE, type Pace, Schedule } from "./schedule.ts";

/** Milliseconds after which a forge is asked again that did not answer. */
const RETRY_MS = 30_000;

/** Milliseconds between two pings that a webhook is asked for which has not been heard from. */
const PING_EVERY_MS = 3_600_000;

interface Worker {
  readonly reconciler: Reconciler;
  readonly schedule: Schedule;
  link: DeclaredLink;
  /** Which webhook was asked for a ping, and when. */
  pinged?: { readonly hook: string; readonly at: number };
}

interface WorkersOptions {
  /** What the links' files declare at this moment. */
  list(): Promise<readonly DeclaredLink[]>;
  readonly outputs: LinkOutputsReader;
  readonly deliveries: Deliveries;
  readonly clock: Clock;
  /** What the worker of a link works with. */
  ports(stack: string): Omit<ReconcilerPorts, "again" | "clock" | "report">;
  /** Has a webhook of a link deliver a ping. @param hook its id */
  ping(stack: string, hook: string): Promise<void>;
  /** A link is gone. */
  gone(stack: string): void;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
  /** @default PACE */
  readonly pace?: Pace;
}

/** A worker for each repository that is linked. */
export class Workers implements AsyncDisposable {
  readonly #options: WorkersOptions;
  readonly #all = new Map<string, Worker>();
  #ended = false;
  /** Whether all links that were declared at the start have their workers. */
  #begun = false;

  constructor(options: WorkersOptions) {
    this.#options = options;
  }

  /** Has a worker for each link that is declared now. */
  async sync(): Promise<void> {
    const links = await this.#options.list();
    if (this.#ended) return;
    const stacks = new Set(links.map(({ stack }) => stack));
    for (const [stack, { schedule }] of this.#all) {
      if (stacks.has(stack)) continue;
      this.#all.delete(stack);
      this.#options.outputs.forget(stack);
      await schedule[Symbol.asyncDispose]();
      this.#options.gone(stack);
    }
    for (const link of links) {
      const worker = this.#all.get(link.stack);
      if (worker === undefined) this.#begin(link);
      else {
        const changed = JSON.stringify(worker.link) !== JSON.stringify(link);
        worker.link = link;
        if (changed) worker.schedule.wake();
      }
      // So that the secret of its webhook is known before it is asked for.
      await this.#options.outputs.of(link.stack).catch(() => {});
    }
    this.#begun = true;
  }

  /** Has a repository looked at. False: there is nobody to do so. */
  mark(stack: string): boolean {
    return this.#all.get(stack)?.schedule.wake() ?? false;
  }

  /** Has a repository looked at again. @param after milliseconds */
  again(stack: string, after: number): void {
    this.#all.get(stack)?.schedule.soon(after);
  }

  of(stack: string): Reconciler | undefined {
    return this.#all.get(stack)?.reconciler;
  }

  /** By what a link's webhook is known. */
  secrets(stack: string): HookSecrets | "absent" | "unknown" {
    // Nobody delivers again what came while the control plane started, if it is told that there is no such webhook.
    if (!this.#all.has(stack)) return this.#begun ? "absent" : "unknown";
    const outputs = this.#options.outputs.known(stack);
    if (outputs === undefined) return "unknown";
    const { webhook } = outputs;
    if (webhook === undefined) return "absent";
    const { generation: now, secrets } = webhook;
    return { hook: hookOf(webhook), secretOf: (generation = now) => secrets.get(generation) };
  }

  /** How pushes to a repository are learnt of. */
  by(stack: string): "webhook" | "polling" {
    const worker = this.#all.get(stack);
    const webhook = this.#options.outputs.known(stack)?.webhook;
    if (worker === undefined || webhook === undefined || worker.link.mode === "polling") return "polling";
    if (worker.link.mode === "webhook") return "webhook";
    return this.#options.deliveries.isHeard(stack, hookOf(webhook)) ? "webhook" : "polling";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await Promise.all([...this.#all.values()].map(({ schedule }) => schedule[Symbol.asyncDispose]()));
  }

  #begin(link: DeclaredLink): void {
    const { ports, clock, report, pace = PACE } = this.#options;
    const { stack } = link;
    const reconciler = new Reconciler({
      ...ports(stack),
      again: (after) => (after === undefined ? void schedule.wake() : schedule.soon(after)),
      clock,
      report,
    });
    const schedule = new Schedule({
      look: (told) => this.#look(stack, reconciler, told, pace),
      clock,
      apart: pace.apart,
    });
    this.#all.set(stack, { reconciler, schedule, link });
    schedule.wake();
  }

  /** GitHub's own first ping comes before the secret is known with which it is signed, so another one is asked for. */
  async #ping(stack: string): Promise<void> {
    const { outputs, deliveries, clock, ping } = this.#options;
    const worker = this.#all.get(stack);
    const webhook = outputs.known(stack)?.webhook;
    if (worker === undefined || webhook === undefined || worker.link.mode === "polling") return;
    const hook = hookOf(webhook);
    const { pinged } = worker;
    if (deliveries.isHeard(stack, hook) || (pinged?.hook === hook && clock() - pinged.at < PING_EVERY_MS)) return;
    worker.pinged = { hook, at: clock() };
    // A credential that may not do this leaves it at polling.
    await ping(stack, webhook.id).catch((error: unknown) => {
      if (!(error instanceof ForgeError)) throw error;
    });
  }

  /** @returns milliseconds until it is time again */
  async #look(stack: string, reconciler: Reconciler, told: boolean, pace: Pace): Promise<number> {
    const { deliveries, clock, report } = this.#options;
    try {
      const { moved, waiting } = await reconciler.look();
      // A webhook that did not tell of it does not reach us any more, for all we know.
      if (moved && !told) deliveries.deaf(stack);
      await this.#ping(stack);
      return waiting || this.by(stack) === "polling" ? pace.polling : pace.sweep;
    } catch (error) {
      if (!(error instanceof UserError)) report(`the link ${stack}: ${traceOf(error)}`);
      const until = error instanceof ForgeError ? (error.until ?? 0) : 0;
      return Math.max(Math.min(RETRY_MS, pace.polling), until - clock());
    }
  }
}

/** Another secret makes no other webhook of it. */
function hookOf({ id, url }: NonNullable<LinkOutputs["webhook"]>): string {
  return `${id} ${url.replace(/\?.*$/, "")}`;
}
