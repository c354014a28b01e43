/** Command lines as the real CLI (cobra, pflag) takes them, with its words for what is wrong. */
import { parseArgs } from "node:util";
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
  const options = Object.entries(specs).map(([name, { type, short }]) => [
    name,
    { type: takesValue(type) ? ("string" as const) : ("boolean" as const), ...(short === undefined ? {} : { short }) },
  ]);
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(options),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string[]>();
  const args: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") args.push(token.value);
    if (token.kind !== "option") continue;
    const spec = specs[token.name];
    if (spec === undefined) throw unknownFlag(token.rawName);
    const value = checkValue(spec, token.name, token.value ?? (takesValue(spec.type) ? undefined : "true"));
    values.set(token.name, [...(values.get(token.name) ?? []), value]);
  }
  return { flags: new Flags(values), args };
}

function takesValue(type: FlagType): boolean {
  return type === "string" || type === "list" || type === "integer";
}

function unknownFlag(name: string): UserError {
  return new UserError(
    name.startsWith("--") ? `unknown flag: ${name}` : `unknown shorthand flag: '${name[1]}' in ${name}`,
  );
}

function checkValue(spec: FlagSpec, name: string, value: string | undefined): string {
  const shown = spec.short === undefined ? `--${name}` : `-${spec.short}, --${name}`;
  if (value === undefined) throw new UserError(`flag needs an argument: --${name}`);
  if (spec.type === "boolean" && !/^(true|false)$/.test(value)) {
    throw invalidArgument(value, shown, "strconv.ParseBool");
  }
  if (spec.type === "integer" && !/^[+-]?\d+$/.test(value)) throw invalidArgument(value, shown, "strconv.ParseInt");
  return value;
}

function invalidArgument(value: string, flag: string, parser: string): UserError {
  return new UserError(`invalid argument "${value}" for "${flag}" flag: ${parser}: parsing "${value}": invalid syntax`);
}
