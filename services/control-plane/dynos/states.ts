import type Docker from "dockerode";
import { isNotFound, messageOf } from "../../../lib/errors.ts";
import type { Clock, LogSink } from "../types.ts";
import { booted } from "./boot.ts";
import { isRunning, type KnownDyno } from "./docker-dynos.ts";
import type { DynoState } from "./lines.ts";
import * as lines from "./lines.ts";
import type { RouterPort } from "./router-port.ts";
import { type Crash, type DynoNames, type Slot, Slots } from "./slots.ts";
import type { DynoWatcher, SignalEvent, WatchedEvent } from "./watch.ts";

interface StatesArgs {
  readonly docker: Docker;
  readonly watcher: DynoWatcher;
  readonly router: RouterPort;
  readonly log: LogSink;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
  /**
   * Seconds for a web dyno that is being proven to listen on its port; later it has what its app's check says.
   * @default 60
   */
  readonly bootTimeout?: number | undefined;
}

/** Seconds that Swarm and restarts give a dyno after SIGTERM. */
export const EXIT_TIMEOUT_SECONDS = 30;
/** Milliseconds in which Swarm may still start a dyno that is being parked. */
const PARKING_MS = 15_000;
/** Milliseconds within which R14 is not said twice. */
const R14_APART_MS = 20_000;

/** Tells from Docker's events and the router's table what state each dyno is in, and writes Heroku's lines about it. */
export class DynoStates {
  readonly #args: StatesArgs;
  readonly #slots = new Slots();
  readonly #crashes = new Set<(crash: Crash) => void>();
  readonly #changes = new Set<(slot: Slot) => void>();
  #begun = false;

  constructor(args: StatesArgs) {
    this.#args = args;
    args.watcher.on((event) => this.#happened(event));
    args.watcher.onSignal((event) => this.#signalled(event));
  }

  /** From now on what is found was started while nobody looked; before, it ran already and nothing is said of it. */
  begin(): void {
    this.#begun = true;
  }

  stop(): void {
    this.#slots.stop();
  }

  /** What is known of a dyno by its service, or its container when it has none. */
  get(key: string): Readonly<Pick<Slot, "state" | "since" | "container">> | undefined {
    return this.#slots.find(key);
  }

  /** Whether a dyno's container was sent SIGTERM. */
  isEnding({ service = "", container }: KnownDyno): boolean {
    return this.#slots.find(service)?.terminated.has(container) ?? false;
  }

  onCrash(listener: (crash: Crash) => void): void {
    this.#crashes.add(listener);
  }

  /** Told of each dyno that comes into a state; must not throw. */
  onChange(listener: (slot: Readonly<Pick<Slot, "app" | "type" | "state">>) => void): void {
    this.#changes.add(listener);
  }

  /** The dyno's next stop is part of a restart. `reason`: `Restarting` or `Cycling`. */
  restarting(dyno: DynoNames, reason: string): void {
    const slot = this.#slots.of(dyno, "up", this.#args.clock());
    slot.intent = "restart";
    this.#say(slot, reason);
    this.#change(slot, "starting");
  }

  /** A second container is started beside the one that serves; see {@link movedTo} and {@link stayedAt}. */
  beside(dyno: DynoNames, reason: string, serving: string): void {
    const slot = this.#slots.of(dyno, "up", this.#args.clock());
    slot.serving = serving;
    this.#say(slot, reason);
    this.#change(slot, "starting");
  }

  /** The same of a restart that was begun by another control plane. */
  besideAgain(dyno: DynoNames, serving: string): void {
    this.#slots.of(dyno, "up", this.#args.clock()).serving = serving;
  }

  /** The new container serves; what the old one still does is told, and changes nothing. */
  movedTo(dyno: DynoNames, container: string): void {
    const slot = this.#slots.of(dyno, "starting", this.#args.clock());
    slot.leaving = slot.serving;
    slot.serving = undefined;
    slot.container = container;
    this.#change(slot, "up");
  }

  /**
   * The restart ends with this container: the one that served goes on, or one that is started in its place.
   *
   * @param why as the log says it
   */
  stayedAt(dyno: DynoNames, kept: KnownDyno | undefined, why: string | undefined): void {
    const slot = this.#slots.of(dyno, "starting", this.#args.clock());
    const serves = kept !== undefined && kept.container === slot.serving;
    this.alone(dyno);
    if (why !== undefined) this.#say(slot, why);
    if (slot.container !== kept?.container) {
      slot.gone.abort();
      slot.gone = new AbortController();
    }
    slot.container = kept?.container;
    if (serves) this.#change(slot, "up");
    else if (kept) this.#watchBoot(slot, kept);
  }

  /** It has one container again. */
  alone(dyno: DynoNames): void {
    const slot = this.#slots.of(dyno, "up", this.#args.clock());
    slot.leaving = undefined;
    slot.serving = undefined;
  }

  /** A line about a dyno in its app's log. */
  tell(dyno: DynoNames, text: string): void {
    this.#say(this.#slots.of(dyno, "up", this.#args.clock()), text);
  }

  /** The app falls asleep. */
  idling(dyno: DynoNames): void {
    const slot = this.#slots.of(dyno, "up", this.#args.clock());
    slot.intent = "idle";
    this.#say(slot, lines.IDLING);
    this.#change(slot, "idle");
  }

  /** The app wakes. */
  unidling(dyno: DynoNames): void {
    const slot = this.#slots.of(dyno, "idle", this.#args.clock());
    slot.intent = undefined;
    this.#say(slot, lines.UNIDLING);
    this.#change(slot, "starting");
  }

  /** A dyno that crashed is not started again for a while; one that Swarm has just started is stopped unnoticed. */
  parking(dyno: DynoNames): void {
    const now = this.#args.clock();
    const slot = this.#slots.of(dyno, "crashed", now);
    slot.intent = "park";
    slot.parkedAt = now;
    slot.gone.abort();
    this.#change(slot, "crashed", { quietly: true });
  }

  /** It is started again now. */
  unparking(dyno: DynoNames): void {
    this.#slots.of(dyno, "crashed", this.#args.clock()).intent = undefined;
  }

  /**
   * Resolves when a newer container of a service than `before` is up or has crashed.
   *
   * @throws when `signal` is aborted
   */
  settled(service: string, before: string | undefined, signal: AbortSignal): Promise<"up" | "crashed"> {
    const { promise, resolve, reject } = Promise.withResolvers<"up" | "crashed">();
    const look = (slot: Slot | undefined) => {
      if (slot?.service !== service || slot.container === before) return;
      if (slot.state === "up" || slot.state === "crashed") resolve(slot.state);
    };
    const abort = () => reject(signal.reason);
    this.#changes.add(look);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    look(this.#slots.find(service));
    return promise.finally(() => {
      this.#changes.delete(look);
      signal.removeEventListener("abort", abort);
    });
  }

  /** Forgets the dynos of services that are gone. */
  prune(services: ReadonlySet<string>): void {
    this.#slots.prune(services);
  }

  #happened({ kind, dyno, live }: WatchedEvent): void {
    if (kind === "started") this.#started(dyno);
    if (kind === "ended") this.#ended(dyno, live);
    if (kind === "paused") this.#paused(dyno);
    if (kind === "resumed") this.#resumed(dyno);
    if (kind !== "found" || !isRunning(dyno)) return;
    if (dyno.paused) this.#slots.of(dyno, "idle", this.#args.clock()).container = dyno.container;
    else if (this.#begun) this.#started(dyno);
    else this.#foundAtFirst(dyno);
  }

  #paused(dyno: KnownDyno): void {
    const slot = this.#slots.of(dyno, "up", this.#args.clock());
    if (slot.container !== dyno.container) return;
    this.#say(slot, lines.NAPPING);
    this.#change(slot, "idle");
  }

  #resumed(dyno: KnownDyno): void {
    const slot = this.#slots.of(dyno, "idle", this.#args.clock());
    // One that is thawed to be stopped does not wake.
    if (slot.container !== dyno.container || slot.state !== "idle" || slot.intent !== undefined) return;
    this.#say(slot, lines.UNIDLING);
    this.#change(slot, "up");
  }

  #foundAtFirst(dyno: KnownDyno): void {
    const slot = this.#slots.of(dyno, "up", dyno.startedAt ?? 0);
    slot.container = dyno.container;
    // It may still be starting, which takes so long at most.
    if (this.#args.clock() - slot.since > this.#bootTimeout * 1000) return;
    slot.state = "starting";
    this.#watchBoot(slot, dyno);
  }

  #started(dyno: KnownDyno): void {
    const slot = this.#slots.of(dyno, "starting", this.#args.clock());
    slot.gone.abort();
    slot.gone = new AbortController();
    if (slot.serving !== undefined && slot.serving !== dyno.container) {
      // Whoever had it started sees whether it serves.
      slot.container = dyno.container;
      this.#say(slot, lines.starting(dyno.command), dyno.startedAt);
      return;
    }
    slot.container = dyno.container;
    if (slot.intent === "park" && this.#args.clock() - slot.parkedAt < PARKING_MS) return;
    slot.intent = undefined;
    this.#change(slot, "starting");
    this.#say(slot, lines.starting(dyno.command), dyno.startedAt);
    this.#watchBoot(slot, dyno);
  }

  #watchBoot(slot: Slot, dyno: KnownDyno): void {
    if (dyno.type !== "web" || dyno.service === undefined) {
      this.#change(slot, "up");
      return;
    }
    const { router, warn } = this.#args;
    const { signal } = slot.gone;
    booted(router, dyno, this.#bootTimeout, signal)
      .then(async ({ result, routed, timeout }) => {
        if (signal.aborted || slot.state !== "starting") return;
        if (result === "up") this.#change(slot, "up");
        if (result !== "silent") return;
        this.#say(slot, lines.bootTimeout(timeout));
        // One that an `up` is proving is that `up`'s to stop.
        if (!routed) return;
        this.#say(slot, lines.KILLING);
        await this.#args.docker.getContainer(dyno.container).kill({ signal: "SIGKILL" });
      })
      .catch((error) => {
        if (!isNotFound(error)) warn(`the boot of ${dyno.dyno} of ${dyno.app} was not seen: ${messageOf(error)}`);
      });
  }

  #signalled({ signal, dyno }: SignalEvent): void {
    const slot = this.#slots.of(dyno, "up", this.#args.clock());
    if (signal === "out of memory") this.#outOfMemory(slot);
    if (signal === 9 && slot.terminated.has(dyno.container)) {
      this.#say(slot, lines.exitTimeout(EXIT_TIMEOUT_SECONDS));
      this.#say(slot, lines.KILLING_REST);
    }
    if (signal !== 15 || slot.terminated.has(dyno.container)) return;
    slot.terminated.add(dyno.container);
    if (slot.serving !== undefined || slot.leaving === dyno.container) {
      this.#say(slot, lines.STOPPING);
      return;
    }
    if (slot.container !== dyno.container && slot.container !== undefined) return;
    if (slot.intent === undefined) this.#change(slot, "stopping");
    if (slot.intent !== "park") this.#say(slot, lines.STOPPING);
  }

  #outOfMemory(slot: Slot): void {
    const now = this.#args.clock();
    if (now - slot.outOfMemory < R14_APART_MS) return;
    slot.outOfMemory = now;
    this.#say(slot, lines.OUT_OF_MEMORY);
  }

  #ended(dyno: KnownDyno, live: boolean): void {
    const { container, service } = dyno;
    const slot = this.#slots.of(dyno, "up", this.#args.clock());
    const stopped = slot.terminated.delete(container);
    if (slot.serving !== undefined || slot.leaving === container) {
      if (dyno.outOfMemory) this.#outOfMemory(slot);
      this.#say(slot, lines.exited(dyno.exitCode), dyno.endUnknown ? undefined : dyno.finishedAt);
      return;
    }
    if (slot.container !== undefined && slot.container !== container) return;
    slot.gone.abort();
    if (dyno.outOfMemory) this.#outOfMemory(slot);
    if (slot.intent !== "park")
      this.#say(slot, lines.exited(dyno.exitCode), dyno.endUnknown ? undefined : dyno.finishedAt);
    if (service === undefined) {
      const change = lines.stateChanged(slot.state, "complete");
      if (change) this.#say(slot, change);
      this.#slots.remove(container);
    } else if (slot.intent !== undefined) {
      // It goes on as was said before.
      for (const listener of [...this.#changes]) listener(slot);
    } else if (stopped || !live) {
      this.#change(slot, "down");
    } else {
      this.#change(slot, "crashed");
      const ran = (dyno.finishedAt ?? 0) - (dyno.startedAt ?? 0);
      for (const listener of this.#crashes) listener({ dyno: { ...dyno, service }, ran });
    }
  }

  #change(slot: Slot, state: DynoState, { quietly = false } = {}): void {
    const text = lines.stateChanged(slot.state, state);
    if (slot.state !== state) slot.since = this.#args.clock();
    slot.state = state;
    if (text && !quietly) this.#say(slot, text);
    for (const listener of [...this.#changes]) listener(slot);
  }

  /** @param at milliseconds since 1970 */
  #say({ app, dyno }: Slot, text: string, at?: number): void {
    const time = at === undefined ? {} : { time: Math.round(at * 1000) };
    this.#args.log.write(app, { source: "heroku", process: dyno, text, ...time });
  }

  get #bootTimeout(): number {
    return this.#args.bootTimeout ?? 60;
  }
}
