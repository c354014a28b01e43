import type Docker from "dockerode";
import type { Clock, LogSink } from "../types.ts";
import type { KnownDyno } from "./docker-dynos.ts";

interface RuntimeMetricsOptions {
  readonly docker: Pick<Docker, "getContainer">;
  readonly log: LogSink;
  readonly clock: Clock;
  /** The dynos that run. */
  running(): readonly KnownDyno[];
  /** The names of the apps that want it in their logs. */
  apps(): Promise<ReadonlySet<string>>;
}

/** What is written of a dyno's last look. */
interface Look {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Nanoseconds of processor time since it began. */
  readonly used: number;
  /** Averages of the last 1, 5 and 15 minutes; undefined after the first look. */
  readonly load: readonly number[] | undefined;
}

/** Minutes, and as Heroku calls them. */
const AVERAGES = [1, 5, 15];
const MiB = 1024 ** 2;

/**
 * Heroku's `log-runtime-metrics`: two lines for each dyno, its memory and its load. Docker tells how much of the processor
 * a dyno's processes got and not how many wanted it, so load is the average number of cores that they kept busy.
 */
export class RuntimeMetrics {
  readonly #options: RuntimeMetricsOptions;
  #looks = new Map<string, Look>();

  constructor(options: RuntimeMetricsOptions) {
    this.#options = options;
  }

  /** To be called every 20 seconds or so. */
  async tick(): Promise<void> {
    const { running, apps } = this.#options;
    const wanted = await apps();
    const dynos = running().filter(({ app }) => wanted.has(app));
    const looks = this.#looks;
    this.#looks = new Map();
    for (const dyno of dynos) {
      // One that has just ended has nothing to tell.
      const look = await this.#look(dyno, looks.get(dyno.container)).catch(() => undefined);
      if (look !== undefined) this.#looks.set(dyno.container, look);
    }
  }

  async #look(dyno: KnownDyno, before: Look | undefined): Promise<Look | undefined> {
    const stats = await this.#options.docker.getContainer(dyno.container).stats({ stream: false, "one-shot": true });
    const { memory_stats: memory, cpu_stats: cpu } = stats;
    if (memory?.usage === undefined) return undefined;
    // The second names are those of cgroups of the first version, which count pages too.
    const counted: Partial<Record<string, number>> = { ...memory.stats };
    const { anon = counted.rss ?? 0, file = counted.cache ?? 0, pgpgin, pgpgout } = counted;
    const at = this.#options.clock();
    const used = cpu.cpu_usage.total_usage;
    const load = before && averages(before, { at, used });
    if (load !== undefined) {
      this.#say(
        dyno,
        AVERAGES.map((minutes, index) => [`load_avg_${minutes}m`, (load[index] ?? 0).toFixed(2)] as const),
      );
    }
    this.#say(dyno, [
      ["memory_total", megabytes(memory.usage - (memory.stats?.inactive_file ?? 0))],
      ["memory_rss", megabytes(anon)],
      ["memory_cache", megabytes(file)],
      // Dynos have none.
      ["memory_swap", megabytes(0)],
      ...(pgpgin === undefined ? [] : [["memory_pgpgin", `${pgpgin}pages`] as const]),
      ...(pgpgout === undefined ? [] : [["memory_pgpgout", `${pgpgout}pages`] as const]),
      ["memory_quota", megabytes(memory.limit)],
    ]);
    return { at, used, load };
  }

  #say({ app, dyno, container }: KnownDyno, samples: readonly (readonly [name: string, value: string])[]): void {
    const text = samples.map(([name, value]) => `sample#${name}=${value}`).join(" ");
    this.#options.log.write(app, {
      source: "heroku",
      process: dyno,
      text: `source=${dyno} dyno=heroku.${container.slice(0, 12)} ${text}`,
    });
  }
}

/** As a kernel has them: what was long ago counts less. */
function averages(before: Look, { at, used }: Omit<Look, "load">): readonly number[] | undefined {
  const elapsed = at - before.at;
  if (elapsed <= 0) return before.load;
  const busy = (used - before.used) / (elapsed * 1e6);
  return AVERAGES.map((minutes, index) => {
    const weight = Math.exp(-elapsed / (minutes * 60_000));
    return (before.load?.[index] ?? busy) * weight + busy * (1 - weight);
  });
}

function megabytes(bytes: number): string {
  return `${(bytes / MiB).toFixed(2)}MB`;
}
