import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { dockerStatus, isNotFound, messageOf } from "../../../lib/errors.ts";
import { removeOneOff } from "../../../provider/docker/one-off.ts";
import { connect } from "./connect.ts";
import type { OneOff } from "./ports.ts";
import type { Terminal } from "./terminal.ts";

/** All in seconds. */
interface Limits {
  readonly limit: number;
  readonly attachWithin: number;
  readonly linger: number;
}

export interface RunningArgs {
  readonly docker: Docker;
  readonly container: Docker.Container;
  readonly app: string;
  /** `run.1234`. */
  readonly dyno: string;
  readonly command: string;
  readonly size: string;
  /** Whether a client is awaited. */
  readonly attach: boolean;
  readonly tty: boolean;
  /** Milliseconds since 1970; undefined: it was not started yet. */
  readonly startedAt?: number;
  readonly limits: Limits;
  report(problem: string): void;
}

/** Seconds after SIGTERM until SIGKILL, as for every dyno. */
const STOP_TIMEOUT_SECONDS = 30;

/** Milliseconds that a command has after its terminal was hung up. */
const HANG_UP_MS = 10_000;

/** The highest delay that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The container of a one-off dyno, from its making to its removal. */
export class Running {
  /** Resolves when nothing is left to do for it. */
  readonly gone: Promise<void>;
  readonly #args: RunningArgs;
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Aborted when we let go of it. */
  readonly #released = new AbortController();
  #secret: string | undefined;
  #state: "starting" | "up" | "stopping" | "complete" = "starting";
  #since = Date.now();
  #status: Promise<number> | undefined;
  #leave: () => void = () => {};

  constructor(args: RunningArgs) {
    this.#args = args;
    this.gone = new Promise((resolve) => {
      this.#leave = resolve;
    });
    if (args.startedAt !== undefined) this.#follow(args.startedAt);
    else if (args.attach) {
      this.#secret = randomBytes(24).toString("base64url");
      this.#after(args.limits.attachWithin * 1000, () => this.stop());
    }
  }

  get app(): string {
    return this.#args.app;
  }

  /** Whether its command has a terminal. */
  get tty(): boolean {
    return this.#args.tty;
  }

  /** With what its command ends; undefined: it has not begun. */
  get exitCode(): Promise<number> | undefined {
    return this.#status;
  }

  get ended(): boolean {
    return this.#state === "complete";
  }

  /** Whether it waits for the client that has this secret. */
  awaits(secret: string): boolean {
    return this.#secret !== undefined && timingSafeEqual(digest(this.#secret), digest(secret));
  }

  show(): OneOff {
    const { dyno, size, command } = this.#args;
    return { dyno, type: "run", size, command, state: this.#state, since: this.#since, secret: this.#secret };
  }

  /** @throws what Docker says when it cannot be started; nothing is left of it then */
  async start(): Promise<void> {
    try {
      await this.#args.container.start();
    } catch (error) {
      await this.#remove();
      throw error;
    }
    this.#follow(Date.now());
  }

  /** Ends it: the command has 30 seconds to do so by itself. */
  stop(): void {
    if (this.#status === undefined) {
      void this.#remove();
      return;
    }
    if (this.ended) return;
    this.#become("stopping");
    this.#args.container.stop({ t: STOP_TIMEOUT_SECONDS }).catch((error: unknown) => this.#report(error));
  }

  /** Connects the client that was awaited, and starts the command. */
  async attach(terminal: Terminal): Promise<void> {
    this.#secret = undefined;
    this.#clearTimers();
    const { container, tty, command } = this.#args;
    try {
      await using connection = await connect(container, terminal, tty);
      await this.start();
      const hangUp = () => this.hangUp();
      terminal.gone.addEventListener("abort", hangUp, { once: true });
      if (terminal.gone.aborted) hangUp();
      await connection.carry();
      terminal.gone.removeEventListener("abort", hangUp);
      await terminal.end(command, (await this.#status) ?? 0);
    } catch (error) {
      this.#report(error);
      this.hangUp();
      await terminal.write(Buffer.from(`${messageOf(error)}\r\n`));
      await terminal.end(command, 1);
    }
  }

  /** The client is gone. A shell at a prompt ignores SIGTERM, but not that. */
  hangUp(): void {
    if (this.#status === undefined || this.ended) {
      this.stop();
      return;
    }
    this.#become("stopping");
    this.#args.container.kill({ signal: "SIGHUP" }).catch((error: unknown) => this.#report(error));
    this.#after(HANG_UP_MS, () => this.stop());
  }

  /** Forgets it; what runs goes on running. */
  async release(): Promise<void> {
    this.#clearTimers();
    this.#released.abort();
    if (this.#status === undefined || this.ended) await this.#remove();
    this.#leave();
  }

  #follow(startedAt: number): void {
    this.#since = startedAt;
    this.#state = "up";
    this.#after(this.#args.limits.limit * 1000 - (Date.now() - startedAt), () => this.stop());
    this.#status = this.#wait();
    void this.#status.then(() => {
      if (this.#released.signal.aborted) return;
      this.#clearTimers();
      this.#become("complete");
      // Collectors of logs and hours come to it by Docker's events, a moment later.
      this.#after(this.#args.limits.linger * 1000, () => void this.#remove());
    });
  }

  /** Its exit status, whatever happens to Docker's daemon meanwhile. */
  async #wait(): Promise<number> {
    const { signal } = this.#released;
    while (!signal.aborted) {
      try {
        const { StatusCode } = await this.#args.container.wait({ abortSignal: signal });
        return StatusCode;
      } catch (error) {
        // Somebody removed it.
        if (isNotFound(error)) return 137;
        await sleep(1000, undefined, { signal }).catch(() => {});
      }
    }
    return 0;
  }

  async #remove(): Promise<void> {
    this.#clearTimers();
    this.#become("complete");
    await removeOneOff(this.#args.docker, this.#args.container.id).catch((error: unknown) => this.#report(error));
    this.#leave();
  }

  #become(state: "stopping" | "complete"): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#since = Date.now();
  }

  #after(milliseconds: number, work: () => void): void {
    const timer = setTimeout(work, Math.min(Math.max(milliseconds, 0), MAX_TIMER_MS));
    this.#timers.add(timer.unref());
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #report(error: unknown): void {
    // It ended by itself meanwhile, or somebody removed it.
    const status = dockerStatus(error);
    if (isNotFound(error) || status === 304 || status === 409) return;
    this.#args.report(`one-off dyno ${this.#args.dyno} of ${this.app}: ${messageOf(error)}`);
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
