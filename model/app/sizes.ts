import { oneOf, type Reader } from "../../lib/validation/readers.ts";

/** What a dyno of a size may use. */
export interface DynoSize {
  /** Bytes of memory; beyond it the kernel kills the dyno's process. */
  readonly memory: number;
  /** Billionths of a core; undefined: as many cores as the machine has (Swarm refuses to ask for more than that). */
  readonly nanoCpus: number | undefined;
  /** Processes and threads, enforced by the dyno's init as RLIMIT_NPROC. */
  readonly processes: number;
  /** Processes that a web server starts where nobody says how many: one for each 256 MB, and two a core and one at most. */
  readonly concurrency: number;
}

const MiB = 1024 ** 2;
const core = 1_000_000_000;

export type DynoSizeName = "free" | "eco" | "basic" | "standard-1x" | "standard-2x" | "performance-m" | "performance-l";

/**
 * Heroku's dyno sizes: memory and process limits as https://devcenter.heroku.com/articles/dyno-sizes and
 * https://devcenter.heroku.com/articles/limits give them, concurrency as its Python buildpack works it out there (of 2
 * cores for performance-m, of 8 for the others); `free` is what it was before `eco` took its place.
 */
export const DYNO_SIZES: Readonly<Record<DynoSizeName, DynoSize>> = {
  free: { memory: 512 * MiB, nanoCpus: core, processes: 256, concurrency: 2 },
  eco: { memory: 512 * MiB, nanoCpus: core, processes: 256, concurrency: 2 },
  basic: { memory: 512 * MiB, nanoCpus: core, processes: 256, concurrency: 2 },
  "standard-1x": { memory: 512 * MiB, nanoCpus: core, processes: 256, concurrency: 2 },
  "standard-2x": { memory: 1024 * MiB, nanoCpus: core, processes: 512, concurrency: 4 },
  "performance-m": { memory: 2560 * MiB, nanoCpus: undefined, processes: 16_384, concurrency: 5 },
  "performance-l": { memory: 14_336 * MiB, nanoCpus: undefined, processes: 32_768, concurrency: 17 },
};

export const DYNO_SIZE_NAMES = Object.keys(DYNO_SIZES) as readonly DynoSizeName[];

/** The size of dynos of which nothing is said. */
export const DEFAULT_DYNO_SIZE = "free" satisfies DynoSizeName;

/** Reads the name of a size. */
export const dynoSize: Reader<DynoSizeName> = oneOf("dyno size", DYNO_SIZE_NAMES);
