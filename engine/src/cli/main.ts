/** The `pulumi` command of the embedded engine. */
import { resolve } from "node:path";
import { PULUMI_VERSION } from "../state/checkpoint.ts";
import { ExitCode, UserError } from "../state/errors.ts";
import { type Command, GLOBAL_FLAGS, on } from "./command.ts";
import { ALIASES, COMMANDS } from "./commands.ts";
import { Flags, parseFlags, wordsOf } from "./flags.ts";
import { helpFor, overview } from "./help.ts";
import { Session } from "./session.ts";
import { Terminal } from "./terminal.ts";

/** Runs a command line. @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  // Whoever reads what is printed may go; what has begun is finished all the same.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  try {
    return await run(argv);
  } catch (error) {
    if (error instanceof UserError) {
      process.stderr.write(`error: ${error.message}\n`);
      return error.exitCode;
    }
    const detail = argv.includes("--debug") && error instanceof Error ? `\n${error.stack}` : "";
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}${detail}\n`);
    return ExitCode.failure;
  }
}

async function run(argv: readonly string[]): Promise<number> {
  const { name, command, rest } = findCommand(argv);
  if (command === undefined) {
    const version = on("Print the version");
    const { flags } = parseFlags(rest, { ...GLOBAL_FLAGS, ...(name === "" ? { version } : {}) });
    checkGlobals(flags);
    process.stdout.write(flags.isOn("version") ? `v${PULUMI_VERSION}\n` : overview(name));
    return 0;
  }
  if (command.flags === "any") return (await command.run(sessionFor(new Flags(new Map()), []))) ?? 0;
  const { flags, args } = parseFlags(rest, { ...GLOBAL_FLAGS, ...command.flags });
  if (flags.isOn("help")) {
    process.stdout.write(helpFor(name, command, command.flags));
    return 0;
  }
  checkGlobals(flags);
  checkTogether(command, flags);
  checkArguments(command, args);
  return (await command.run(sessionFor(flags, args))) ?? 0;
}

function sessionFor(flags: Flags, args: readonly string[]): Session {
  const terminal = new Terminal({
    nonInteractive: flags.isOn("non-interactive"),
    color: flags.text("color") ?? "auto",
  });
  return new Session({ flags, args }, terminal, resolve(flags.text("cwd") ?? "."), process.env);
}

/** Splits a command line into the command's words and the rest; flags may stand anywhere. */
function findCommand(argv: readonly string[]): { name: string; command?: Command; rest: readonly string[] } {
  let name = "";
  let rest = argv;
  for (;;) {
    const flags = COMMANDS[name]?.flags;
    const [next] = wordsOf(rest, flags === undefined || flags === "any" ? GLOBAL_FLAGS : { ...GLOBAL_FLAGS, ...flags });
    const longer = next && inFull(name === "" ? next.word : `${name} ${next.word}`);
    if (longer !== undefined && isPrefix(longer)) {
      name = longer;
      rest = rest.toSpliced(next?.at ?? 0, 1);
      continue;
    }
    const command = COMMANDS[name];
    const takesArguments = command !== undefined && (command.args.length > 0 || command.variadic === true);
    if (next !== undefined && !takesArguments) throw unknownCommand(next.word, name);
    return { name, rest, ...(command === undefined ? {} : { command }) };
  }
}

/** The words of a command whose last one may be another name of it. */
function inFull(words: string): string {
  return ALIASES[words] ?? words;
}

function isPrefix(words: string): boolean {
  return Object.keys(COMMANDS).some((name) => name === words || name.startsWith(`${words} `));
}

function unknownCommand(word: string, after: string): UserError {
  const place = after === "" ? "pulumi" : `pulumi ${after}`;
  return new UserError(`unknown command "${word}" for "${place}"\nRun '${place} --help' for usage.`);
}

function checkGlobals(flags: Flags): void {
  const color = flags.text("color");
  if (color === undefined || ["auto", "always", "never", "raw"].includes(color.toLowerCase())) return;
  throw new UserError(`unsupported color option: '${color}'.  Supported values are: auto, always, never, raw`);
}

/** Some flags contradict one another. */
function checkTogether({ alone }: Command, flags: Flags): void {
  for (const group of alone ?? []) {
    const given = group.filter((name) => flags.has(name));
    if (given.length < 2) continue;
    throw new UserError(
      `if any flags in the group [${group.join(" ")}] are set none of the others can be; ` +
        `[${given.toSorted().join(" ")}] were all set`,
    );
  }
}

function checkArguments(command: Command, args: readonly string[]): void {
  const most = command.variadic === true ? Number.POSITIVE_INFINITY : command.args.length;
  const least = command.args.length - (command.optional ?? 0);
  if (args.length >= least && args.length <= most) return;
  const wanted =
    least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`;
  throw new UserError(`accepts ${wanted} arg(s), received ${args.length}`);
}
