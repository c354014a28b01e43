import { isRecord } from "../../../infra/check/readers.ts";
import type { Configs, LedgerEntry } from "../../../provider/release/ledger.ts";
import type { Clock } from "../types.ts";
import type { Stacks } from "./ports.ts";

export interface FormationOutput {
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
  /** By its id. */
  readonly image: string | undefined;
}

/** Milliseconds for which outputs that were read serve further requests in any case: a command makes several. */
const FRESH = 2000;

/** Apps whose outputs are remembered. */
const REMEMBERED = 100;

interface Read {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** When the state that was read had been written; undefined: nobody knows. */
  readonly written: number | undefined;
  readonly outputs: Promise<AppOutputs>;
}

/**
 * Reads apps' outputs, which takes a `pulumi` command each time: at most once for requests that come together, and not
 * again before the state is written.
 */
export class OutputsReader {
  readonly #stacks: Stacks;
  readonly #clock: Clock;
  readonly #read = new Map<string, Read>();

  constructor(stacks: Stacks, clock: Clock) {
    this.#stacks = stacks;
    this.#clock = clock;
  }

  async of(stack: string): Promise<AppOutputs> {
    const written = await this.#stacks.written(stack);
    const known = this.#read.get(stack);
    if (known !== undefined && this.#isGood(known, written)) return known.outputs;
    const outputs = this.#stacks.outputs(stack).then((raw) => parse(raw ?? {}));
    const entry: Read = { at: this.#clock(), written, outputs };
    this.forget(stack);
    this.#read.set(stack, entry);
    const [oldest = ""] = this.#read.keys();
    if (this.#read.size > REMEMBERED) this.#read.delete(oldest);
    outputs.catch(() => {
      if (this.#read.get(stack) === entry) this.#read.delete(stack);
    });
    return outputs;
  }

  /** After a change. */
  forget(stack: string): void {
    this.#read.delete(stack);
  }

  #isGood(read: Read, written: number | undefined): boolean {
    return this.#clock() - read.at < FRESH || (written !== undefined && read.written === written);
  }
}

function parse(raw: Readonly<Record<string, unknown>>): AppOutputs {
  const { release, releases, configs, environment, formation, image } = raw;
  const ledger = (Array.isArray(releases) ? releases : []).filter(isRelease);
  return {
    release: typeof release === "number" ? release : undefined,
    releases: ledger.toSorted((a, b) => a.version - b.version),
    configs: isRecord(configs) ? (configs as Configs) : {},
    environment: texts(environment),
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
