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

/** Milliseconds for which outputs that were read serve further requests: a command makes several. */
const FRESH = 2000;

/** Reads apps' outputs, which takes a `pulumi` command each time, and so at most once for requests that come together. */
export class OutputsReader {
  readonly #stacks: Stacks;
  readonly #clock: Clock;
  readonly #read = new Map<string, { readonly at: number; readonly outputs: Promise<AppOutputs> }>();

  constructor(stacks: Stacks, clock: Clock) {
    this.#stacks = stacks;
    this.#clock = clock;
  }

  of(stack: string): Promise<AppOutputs> {
    const known = this.#read.get(stack);
    if (known !== undefined && this.#clock() - known.at < FRESH) return known.outputs;
    const outputs = this.#stacks.outputs(stack).then((raw) => parse(raw ?? {}));
    const entry = { at: this.#clock(), outputs };
    this.#read.set(stack, entry);
    outputs.catch(() => {
      if (this.#read.get(stack) === entry) this.#read.delete(stack);
    });
    return outputs;
  }

  /** After a change. */
  forget(stack: string): void {
    this.#read.delete(stack);
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
