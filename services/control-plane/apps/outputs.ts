import { isRecord } from "../../../lib/validation/readers.ts";
import type { Configs, LedgerEntry } from "../../../model/app/ledger.ts";
import type { Clock } from "../types.ts";
import type { Changed } from "./ports.ts";

interface FormationOutput {
  readonly type: string;
  readonly quantity: number;
  readonly size: string;
  readonly command: string;
}

/** What an app's stack put out at its last `up`; all of it is empty before the first. */
export interface AppOutputs {
  /** The current release's number. */
  readonly release: number | undefined;
  /** The oldest first. */
  readonly releases: readonly LedgerEntry[];
  /** The config vars of releases by their hash. */
  readonly configs: Configs;
  /** Config vars and what add-ons set. */
  readonly environment: Readonly<Record<string, string>>;
  readonly formation: readonly FormationOutput[];
  /** What `runtime-dyno-metadata` tells every dyno. */
  readonly metadata: Readonly<Record<string, string>>;
  /** By its id. */
  readonly image: string | undefined;
}

/** Milliseconds for which outputs that were read serve further requests in any case: a command makes several. */
const FRESH_MS = 2000;

/** Apps whose outputs are remembered. */
const REMEMBERED = 100;

interface Read {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** When the state that was read had been written; undefined: nobody knows. */
  readonly written: Promise<number | undefined>;
  readonly outputs: Promise<AppOutputs>;
}

/**
 * Reads apps' outputs, which takes a `pulumi` command each time: at most once for requests that come together, and not
 * again before the state is written.
 */
export class OutputsReader {
  readonly #stacks: Stacks;
  readonly #clock: Clock;
  readonly #reads = new Map<string, Read>();

  constructor(stacks: Stacks, clock: Clock) {
    this.#stacks = stacks;
    this.#clock = clock;
  }

  async of(stack: string): Promise<AppOutputs> {
    const written = await this.#stacks.written(stack);
    const known = this.#reads.get(stack);
    if (known !== undefined && (await this.#isGood(known, written))) return known.outputs;
    return this.#keep(stack, Promise.resolve(written), this.#read(stack));
  }

  /** After a change that was not made, or of which nothing is known. */
  forget(stack: string): void {
    this.#reads.delete(stack);
  }

  /**
   * After a change that was made. What is secret in outputs is another only in another release; without one all is
   * known, with one it is read at once, since whoever made it asks for it next.
   */
  take(stack: string, { outputs }: Changed): void {
    const now = parse(outputs);
    const known = this.#reads.get(stack)?.outputs ?? Promise.resolve(undefined);
    const whole = known.then(async (before) => {
      if (before === undefined || before.release !== now.release) return this.#read(stack);
      return { ...now, configs: before.configs, environment: before.environment };
    });
    this.#keep(stack, this.#stacks.written(stack), whole);
  }

  async #read(stack: string): Promise<AppOutputs> {
    return parse((await this.#stacks.outputs(stack)) ?? {});
  }

  #keep(stack: string, written: Read["written"], outputs: Read["outputs"]): Read["outputs"] {
    const read: Read = { at: this.#clock(), written, outputs };
    // At the end, where the newest are.
    this.forget(stack);
    this.#reads.set(stack, read);
    const [oldest = ""] = this.#reads.keys();
    if (this.#reads.size > REMEMBERED) this.#reads.delete(oldest);
    Promise.all([written, outputs]).catch(() => {
      if (this.#reads.get(stack) === read) this.#reads.delete(stack);
    });
    return outputs;
  }

  async #isGood(read: Read, written: number | undefined): Promise<boolean> {
    if (this.#clock() - read.at < FRESH_MS) return true;
    return written !== undefined && (await read.written) === written;
  }
}

function parse(raw: Readonly<Record<string, unknown>>): AppOutputs {
  const { release, releases, configs, environment, formation, image, metadata } = raw;
  const ledger = (Array.isArray(releases) ? releases : []).filter(isRelease);
  return {
    release: typeof release === "number" ? release : undefined,
    releases: ledger.toSorted((a, b) => a.version - b.version),
    configs: isRecord(configs) ? (configs as Configs) : {},
    environment: texts(environment),
    metadata: texts(metadata),
    formation: (Array.isArray(formation) ? formation : []).filter(isFormation),
    image: typeof image === "string" ? image : undefined,
  };
}

function texts(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

function isFormation(value: unknown): value is FormationOutput {
  if (!isRecord(value)) return false;
  return typeof value.type === "string" && typeof value.quantity === "number" && typeof value.size === "string";
}

function isRelease(value: unknown): value is LedgerEntry {
  return isRecord(value) && Number.isInteger(value.version) && typeof value.createdAt === "string";
}

export interface Stacks {
  /** A stack's outputs with its secrets in plain; undefined when it was never brought up. */
  outputs(stack: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** When a stack's state was last written, in milliseconds since 1970; undefined: it cannot be told. */
  written(stack: string): Promise<number | undefined>;
}
