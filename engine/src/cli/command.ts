/** What a command of the command line is, and the flags that several of them share. */
import type { FlagSpec, FlagSpecs } from "./flags.ts";
import type { Session } from "./session.ts";

export interface Command {
  readonly help: string;
  /** Names of arguments, and how many of them may be left out. */
  readonly args: readonly string[];
  readonly optional?: number;
  /** Any number of the last argument. */
  readonly variadic?: boolean;
  /** "any": it takes no notice of them. */
  readonly flags: FlagSpecs | "any";
  /** Groups of flags of which only one may be given. */
  readonly alone?: readonly (readonly string[])[];
  /** @returns an exit code; nothing means 0 */
  // biome-ignore lint/suspicious/noConfusingVoidType: most commands have nothing to say
  run(session: Session): Promise<number | void>;
}

export const on = (help: string, short?: string): FlagSpec => ({
  type: "boolean",
  help,
  ...(short === undefined ? {} : { short }),
});
export const text = (help: string, short?: string): FlagSpec => ({
  type: "string",
  help,
  ...(short === undefined ? {} : { short }),
});
export const list = (help: string, short?: string): FlagSpec => ({
  type: "list",
  help,
  ...(short === undefined ? {} : { short }),
});

export const GLOBAL_FLAGS: FlagSpecs = {
  color: text("Colorize output: always, never, raw, auto"),
  cwd: text("Run as if pulumi was started in another folder", "C"),
  debug: on("Print debugging output", "d"),
  "disable-integrity-checking": on("Do not check the state's integrity"),
  emoji: on("Accepted for compatibility", "e"),
  "fully-qualify-stack-names": on("Accepted for compatibility", "Q"),
  help: on("Help for a command", "h"),
  logflow: on("Accepted for compatibility"),
  logtostderr: on("Accepted for compatibility"),
  "non-interactive": on("Never ask"),
  memprofilerate: { type: "integer", help: "Accepted for compatibility" },
  "otel-traces": text("Accepted for compatibility"),
  profiling: text("Accepted for compatibility"),
  tracing: text("Accepted for compatibility"),
  "tracing-header": text("Accepted for compatibility"),
  verbose: { type: "integer", short: "v", help: "Accepted for compatibility" },
};

export const stack = text("The stack to work on; the selected one by default", "s");
export const configFile = text("Use this file instead of the stack's settings file");
export const yes = on("Go on without asking", "y");
export const json = on("Print JSON", "j");
export const showSecrets = on("Show secrets in clear");
export const path = on("The key is a path into a structured value");
