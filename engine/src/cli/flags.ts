/** Command lines as the real CLI (cobra, pflag) takes them, with its words for what is wrong. */
import { UserError } from "../state/errors.ts";

/** `optional`: a value only after `=`, else "true". */
export type FlagType = "boolean" | "string" | "list" | "integer" | "optional";

export interface FlagSpec {
  readonly type: FlagType;
  readonly short?: string;
  readonly help: string;
}

export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

/** The flags of one command line. */
export class Flags {
  readonly #values: ReadonlyMap<string, readonly string[]>;
  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** False when it was not given. */
  isOn(name: string): boolean {
    return this.text(name) === "true";
  }

  /** The last value given. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  list(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  number(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : Number(text);
  }

  /** The names given, sorted, with their values. */
  entries(): [string, readonly string[]][] {
    return [...this.#values].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

export interface CommandLine {
  readonly flags: Flags;
  readonly args: readonly string[];
}

/** @throws UserError for unknown flags and wrong values */
export function parseFlags(argv: readonly string[], specs: FlagSpecs): CommandLine {
  const values = new Map<string, string[]>();
  const args: string[] = [];
  const rest = [...argv];
  const take = (name: string, spec: FlagSpec, value: string) => {
    values.set(name, [...(values.get(name) ?? []), checkValue(spec, name, value)]);
  };
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") return { flags: new Flags(values), args: [...args, ...rest] };
    if (word.startsWith("--")) takeLong(word, rest, specs, take);
    else if (word.startsWith("-") && word !== "-") takeShort(word, rest, specs, take);
    else args.push(word);
  }
  return { flags: new Flags(values), args };
}

type Take = (name: string, spec: FlagSpec, value: string) => void;

/** `--name`, `--name value` or `--name=value`. */
function takeLong(word: string, rest: string[], specs: FlagSpecs, take: Take): void {
  const [, name = "", , given] = /^--([^=]*)(=(.*))?$/s.exec(word) ?? [];
  if (name === "" || name.startsWith("-")) throw new UserError(`bad flag syntax: ${word}`);
  const spec = specs[name];
  if (spec === undefined) throw new UserError(`unknown flag: --${name}`);
  const value = given ?? (takesValue(spec) ? rest.shift() : "true");
  if (value === undefined) throw new UserError(`flag needs an argument: --${name}`);
  take(name, spec, value);
}

/** `-abc`, where c may take a value: `-c value`, `-cvalue` or `-c=value`. */
function takeShort(word: string, rest: string[], specs: FlagSpecs, take: Take): void {
  for (let letters = word.slice(1); letters !== ""; ) {
    const [letter = ""] = letters;
    const after = letters.slice(letter.length);
    const [name, spec] = Object.entries(specs).find(([, { short }]) => short === letter) ?? [];
    if (name === undefined || spec === undefined) {
      throw new UserError(`unknown shorthand flag: '${letter}' in -${letters}`);
    }
    const inline = /^=(.+)$/s.exec(after)?.[1];
    if (inline === undefined && !takesValue(spec)) {
      take(name, spec, "true");
      letters = after;
      continue;
    }
    const value = inline ?? (after === "" ? rest.shift() : after);
    if (value === undefined) throw new UserError(`flag needs an argument: '${letter}' in -${letters}`);
    take(name, spec, value);
    return;
  }
}

/** The words of a command line that are neither flags nor their values, with their places. */
export function wordsOf(argv: readonly string[], specs: FlagSpecs): { word: string; at: number }[] {
  const words: { word: string; at: number }[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? "";
    if (word === "--") break;
    if (!word.startsWith("-") || word === "-") words.push({ word, at });
    else if (valueFollows(word, specs)) at++;
  }
  return words;
}

function valueFollows(word: string, specs: FlagSpecs): boolean {
  if (word.includes("=")) return false;
  if (word.startsWith("--")) {
    const spec = specs[word.slice(2)];
    return spec === undefined || takesValue(spec);
  }
  const last = Object.values(specs).find(({ short }) => short === word[1]);
  return word.length === 2 && (last === undefined || takesValue(last));
}

function takesValue({ type }: FlagSpec): boolean {
  return type === "string" || type === "list" || type === "integer";
}

/** The value as it was meant, in one spelling. */
function checkValue(spec: FlagSpec, name: string, value: string): string {
  const shown = spec.short === undefined ? `--${name}` : `-${spec.short}, --${name}`;
  const invalid = (parser: string) =>
    new UserError(`invalid argument "${value}" for "${shown}" flag: ${parser}: parsing "${value}": invalid syntax`);
  if (spec.type === "boolean") {
    if (/^(1|t|T|TRUE|true|True)$/.test(value)) return "true";
    if (/^(0|f|F|FALSE|false|False)$/.test(value)) return "false";
    throw invalid("strconv.ParseBool");
  }
  if (spec.type === "integer") {
    if (!/^[+-]?(\d+|0[xX][\da-fA-F]+|0[oO]?[0-7]+|0[bB][01]+)$/.test(value)) throw invalid("strconv.ParseInt");
    const digits = value.replace(/^[+-]/, "").replace(/^0(?=\d)/, "0o");
    return String(Number(digits) * (value.startsWith("-") ? -1 : 1));
  }
  return value;
}
