import type Docker from "dockerode";
import type { KnownDyno } from "../../dynos/docker-dynos.ts";

interface MemoryWatchOptions {
  readonly docker: Docker;
  /** The dynos that run. */
  running(): readonly KnownDyno[];
  /** Gets the bytes that a dyno uses. */
  seen(app: string, bytes: number): void;
}

/** Dynos that are looked at in one round: Docker takes some milliseconds for each. */
const ROUND = 60;
const PARALLEL = 3;

/** Looks at how much memory dynos use, a bounded number at a time, all in turn. */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  #next = 0;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
  }

  /** A round. To be called once a minute. */
  async tick(): Promise<void> {
    const running = this.#options.running();
    const from = running.length <= ROUND ? 0 : this.#next % running.length;
    this.#next = from + ROUND;
    await this.#look([...running.slice(from), ...running.slice(0, from)].slice(0, ROUND));
  }

  /** The dynos of one app, for whoever wants to see them now. */
  async look(app: string): Promise<void> {
    await this.#look(
      this.#options
        .running()
        .filter((dyno) => dyno.app === app)
        .slice(0, ROUND),
    );
  }

  async #look(dynos: readonly KnownDyno[]): Promise<void> {
    const rest = [...dynos];
    const worker = async () => {
      for (let dyno = rest.shift(); dyno !== undefined; dyno = rest.shift()) {
        // One that has just ended uses nothing.
        const bytes = await this.#memory(dyno.container).catch(() => undefined);
        if (bytes !== undefined) this.#options.seen(dyno.app, bytes);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
  }

  /** Without what the kernel only keeps as long as nobody needs the memory, as Docker itself counts. */
  async #memory(container: string): Promise<number | undefined> {
    const { memory_stats: memory } = await this.#options.docker
      .getContainer(container)
      .stats({ stream: false, "one-shot": true });
    if (memory?.usage === undefined) return undefined;
    return memory.usage - (memory.stats?.inactive_file ?? 0);
  }
}
