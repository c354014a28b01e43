import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { isNotFound, messageOf } from "../../../lib/errors.ts";
import type { Clock, DynoEvent } from "../types.ts";
import { type DockerEvent, fromEvent, fromInspection, isPause, isRunning, type KnownDyno } from "./docker-dynos.ts";
import { openEvents } from "./events.ts";

/** `live`: it was seen as it happened; else it was found when all of Docker was read again. */
export interface WatchedEvent extends DynoEvent {
  readonly dyno: KnownDyno;
  readonly live: boolean;
  /** Of a pause or its end: when that was, in milliseconds since 1970; else when it was seen. */
  readonly at: number;
}

/** A signal that Docker sent to a dyno, or the kernel that killed one of its processes for want of memory. */
export interface SignalEvent {
  readonly signal: number | "out of memory";
  readonly dyno: KnownDyno;
}

interface WatcherArgs {
  readonly docker: Docker;
  /** The platform's name. */
  readonly platform: string;
  readonly clock: Clock;
  /** Told what went wrong; the watcher goes on. */
  readonly warn: (message: string) => void;
}

/** Milliseconds between attempts to reach Docker, and that it may take to describe a container. */
const RETRY_MS = 200;
const INSPECT_TIMEOUT_MS = 5000;
/** Containers that are asked for at a time when all are read. */
const AT_A_TIME = 8;

/**
 * Knows every container of the platform's dynos. It follows Docker's events, and reads all of Docker at the start and
 * after each time it lost Docker, so that no start and no end is missed as long as Docker still knows the container.
 */
export class DynoWatcher {
  readonly #args: WatcherArgs;
  readonly #known = new Map<string, KnownDyno>();
  readonly #listeners = new Set<(event: WatchedEvent) => void>();
  readonly #signalListeners = new Set<(event: SignalEvent) => void>();
  #queue: Promise<void> = Promise.resolve();
  /** Undefined: Docker is not reached. */
  #connectedSince: number | undefined;
  #stopped = false;
  #end = () => {};

  constructor(args: WatcherArgs) {
    this.#args = args;
  }

  /** Resolves when all of Docker was read once; Docker is waited for. */
  start(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#run(resolve);
    return promise;
  }

  stop(): void {
    this.#stopped = true;
    this.#end();
  }

  /** Whether what is known is what is: Docker is reached and was read. */
  get connected(): boolean {
    return this.#connectedSince !== undefined;
  }

  /** Since when it is, in milliseconds since 1970: when Docker, or this process, was started. */
  get connectedSince(): number | undefined {
    return this.#connectedSince;
  }

  /** All containers that Docker has, those that have ended too. */
  list(): KnownDyno[] {
    return [...this.#known.values()];
  }

  /** The running containers of a service, or of all. */
  running(service?: string): KnownDyno[] {
    return this.list().filter((dyno) => isRunning(dyno) && (service === undefined || dyno.service === service));
  }

  /** Listeners are called in the order in which things happened, and must not throw. */
  on(listener: (event: WatchedEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  onSignal(listener: (event: SignalEvent) => void): Disposable {
    this.#signalListeners.add(listener);
    return { [Symbol.dispose]: () => this.#signalListeners.delete(listener) };
  }

  /** Reads all of Docker again; for the case that an event was lost on the way. */
  reread(): Promise<void> {
    return this.#inTurn(() => this.#readAll());
  }

  async #run(ready: () => void): Promise<void> {
    const { docker, platform, clock, warn } = this.#args;
    let lost = false;
    while (!this.#stopped) {
      try {
        using events = await openEvents(docker, platform, (event) => {
          this.#inTurn(() => this.#seen(event)).catch((error) => warn(`an event was not taken: ${messageOf(error)}`));
        });
        this.#end = () => events[Symbol.dispose]();
        await this.reread();
        this.#connectedSince = this.#stopped ? undefined : clock();
        lost = false;
        ready();
        if (!this.#stopped) await events.ended;
      } catch (error) {
        if (!lost && !this.#stopped) warn(`Docker is not reached: ${messageOf(error)}`);
        lost = true;
      }
      this.#connectedSince = undefined;
      if (!this.#stopped) await sleep(RETRY_MS);
    }
  }

  /** One thing after the other, so that listeners hear of things in their order. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }

  async #seen(event: DockerEvent): Promise<void> {
    const { ID, Attributes } = event.Actor;
    const before = this.#known.get(ID);
    if (event.Action === "kill" || event.Action === "oom") {
      const signal = event.Action === "oom" ? "out of memory" : Number(Attributes.signal);
      if (before) for (const listener of this.#signalListeners) this.#tell(() => listener({ signal, dyno: before }));
      return;
    }
    if (event.Action === "destroy") {
      if (before === undefined) return;
      if (isRunning(before)) this.#learn(fromEvent(event, before) ?? before, true);
      this.#forget(ID, "removed", true);
      return;
    }
    if (isPause(event) && before !== undefined) {
      // In its turn: what Docker would say of it now may be the next thaw's.
      if (isRunning(before)) this.#learn(fromEvent(event, before) ?? before, true, Math.floor(event.timeNano / 1e6));
      return;
    }
    const now = (await this.#inspect(ID)) ?? fromEvent(event, before);
    if (now === undefined) return;
    // If it has ended since, that is told when its turn comes, after the signals that ended it.
    const begun = event.Action === "start" && before === undefined;
    const running = { finishedAt: undefined, exitCode: undefined, endUnknown: false, paused: false };
    this.#learn(begun ? { ...now, ...running } : now, true);
  }

  async #readAll(): Promise<void> {
    const { docker, platform } = this.#args;
    const filters = JSON.stringify({ label: [`dynoform.platform=${platform}`, "dynoform.dyno"] });
    const containers = await docker.listContainers({ all: true, filters });
    const there = new Set(containers.map(({ Id }) => Id));
    const asked = containers.filter(({ Id, State }) => {
      const known = this.#known.get(Id);
      return known?.finishedAt === undefined || State === "running";
    });
    for (let at = 0; at < asked.length; at += AT_A_TIME) {
      const group = asked.slice(at, at + AT_A_TIME);
      const found = await Promise.all(group.map(({ Id }) => this.#inspect(Id)));
      for (const dyno of found) if (dyno) this.#learn(dyno, false);
    }
    for (const id of [...this.#known.keys()]) if (!there.has(id)) this.#forget(id, "lost", false);
  }

  /** Undefined: it is gone, no dyno's, or Docker is too busy with it to say. */
  async #inspect(id: string): Promise<KnownDyno | undefined> {
    const abortSignal = AbortSignal.timeout(INSPECT_TIMEOUT_MS);
    try {
      return fromInspection(await this.#args.docker.getContainer(id).inspect({ abortSignal }), this.#args.clock());
    } catch (error) {
      if (isNotFound(error) || abortSignal.aborted) return undefined;
      throw error;
    }
  }

  /** Tells what is new about a container. */
  #learn(now: KnownDyno, live: boolean, at?: number): void {
    const before = this.#known.get(now.container);
    this.#known.set(now.container, now);
    const again = before?.startedAt !== undefined && now.startedAt !== before.startedAt;
    if (before === undefined && !live) {
      this.#emit("found", now, live);
      return;
    }
    if (again && isRunning(before))
      this.#emit("ended", { ...before, finishedAt: now.startedAt, endUnknown: true }, live);
    const started = now.startedAt !== undefined && (before?.startedAt === undefined || again);
    if (started) this.#emit("started", { ...now, finishedAt: undefined, exitCode: undefined }, live);
    if (now.finishedAt !== undefined && (started || before?.finishedAt === undefined)) this.#emit("ended", now, live);
    const wasPaused = before?.paused === true && !again;
    if (isRunning(now) && now.paused !== wasPaused) this.#emit(now.paused ? "paused" : "resumed", now, live, at);
  }

  #forget(id: string, kind: "removed" | "lost", live: boolean): void {
    const before = this.#known.get(id);
    this.#known.delete(id);
    if (before) this.#emit(kind, before, live);
  }

  #emit(kind: DynoEvent["kind"], dyno: KnownDyno, live: boolean, at = this.#args.clock()): void {
    for (const listener of this.#listeners) this.#tell(() => listener({ kind, dyno, live, at }));
  }

  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#args.warn(`a listener to Docker's events failed: ${messageOf(error)}`);
    }
  }
}
