import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { isNotFound } from "../../../lib/errors.ts";
import type { KnownDyno } from "./docker-dynos.ts";
import type { DynoService } from "./services.ts";
import type { DynoStates } from "./states.ts";
import type { DynoWatcher } from "./watch.ts";

interface NapsArgs {
  readonly docker: Docker;
  readonly watcher: Pick<DynoWatcher, "running" | "on">;
  readonly states: Pick<DynoStates, "get">;
}

/** Milliseconds for Docker's word that a container is frozen or thawed, and for a Docker that is being started again. */
const TOLD_TIMEOUT_MS = 5_000;
const PATIENCE_MS = 15_000;
const PAUSE_MS = 20;

/**
 * Freezes dynos where they are, and thaws them: Docker's pause, which is the kernel's freezer. What is frozen is what Docker
 * says, so nothing has to be remembered; Swarm takes a frozen task for one that runs.
 */
export class Naps {
  readonly #args: NapsArgs;
  /** Containers that may be frozen though Docker has not told of it yet. */
  readonly #freezing = new Set<string>();

  constructor(args: NapsArgs) {
    this.#args = args;
  }

  /** Whether some of an app's dynos are frozen. */
  has(app: string): boolean {
    return this.#frozen(app).length > 0;
  }

  /** Whether all of these that are to run are frozen, and there are some. */
  isWhole(own: readonly DynoService[]): boolean {
    const running = own.filter(({ replicas }) => replicas > 0);
    return running.length > 0 && running.every(({ name }) => this.#only(name)?.paused === true);
  }

  /** Whether these can be frozen: each that is to run has one container, which is up and not about to end. */
  canFreeze(own: readonly DynoService[]): boolean {
    const running = own.filter(({ replicas }) => replicas > 0);
    return running.length > 0 && running.every(({ name }) => this.#isUp(name));
  }

  /** Freezes them. @throws when one cannot be; the others may be frozen */
  async freeze(own: readonly DynoService[]): Promise<void> {
    const containers = own
      .filter(({ replicas }) => replicas > 0)
      .map(({ name }) => this.#only(name)?.container)
      .filter((container) => container !== undefined);
    for (const container of containers) this.#freezing.add(container);
    // All of them have their answer before anybody thaws them again.
    const paused = await Promise.allSettled(containers.map((id) => this.#args.docker.getContainer(id).pause()));
    for (const each of paused) if (each.status === "rejected") throw each.reason;
    await this.#told(containers, true);
    if (!this.isWhole(own)) throw new Error("Docker does not tell that its dynos are paused");
    for (const container of containers) this.#freezing.delete(container);
  }

  /** Thaws all of an app's that are frozen. Those that are gone are none. */
  async thaw(app: string): Promise<void> {
    await Promise.all(this.#frozen(app).map(({ container }) => this.#thawOne(container)));
  }

  /** Resolves when Docker has told that all of an app's are thawed, or has not for some seconds. */
  async thawed(app: string): Promise<void> {
    const containers = this.#frozen(app).map(({ container }) => container);
    await this.#told(containers, false);
  }

  #frozen(app: string): KnownDyno[] {
    const { watcher } = this.#args;
    return watcher.running().filter((dyno) => dyno.app === app && (dyno.paused || this.#freezing.has(dyno.container)));
  }

  #only(service: string): KnownDyno | undefined {
    const [only, second] = this.#args.watcher.running(service);
    return second === undefined ? only : undefined;
  }

  #isUp(service: string): boolean {
    const only = this.#only(service);
    const known = this.#args.states.get(service);
    return only !== undefined && !only.paused && known?.state === "up" && known.container === only.container;
  }

  async #thawOne(id: string): Promise<void> {
    const container = this.#args.docker.getContainer(id);
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        await container.unpause();
        break;
      } catch (error) {
        if (!(await mayBePaused(container))) break;
        if (performance.now() > end) throw error;
        await sleep(PAUSE_MS);
      }
    }
    this.#freezing.delete(id);
  }

  /** Resolves when the watcher knows of all of these that they are paused, or not; or not within some seconds. */
  async #told(containers: readonly string[], paused: boolean): Promise<void> {
    const { watcher } = this.#args;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      const running = watcher.running().filter(({ container }) => containers.includes(container));
      if (running.every((dyno) => dyno.paused === paused)) resolve();
    };
    using _listening = watcher.on(look);
    const late = setTimeout(resolve, TOLD_TIMEOUT_MS);
    look();
    await promise.finally(() => clearTimeout(late));
  }
}

/** Not when it has ended, or is gone; a Docker that is being started again says nothing. */
async function mayBePaused(container: Docker.Container): Promise<boolean> {
  try {
    const { Running, Paused } = (await container.inspect()).State;
    return Running && Paused;
  } catch (error) {
    return !isNotFound(error);
  }
}
