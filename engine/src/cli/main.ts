/** The `pulumi` command of the embedded engine. */
import { resolve } from "node:path";
import { ExitCode, UserError } from "../state/errors.ts";
import { type Command, GLOBAL_FLAGS } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { Flags, parseFlags } from "./flags.ts";
import { helpFor, overview } from "./help.ts";
import { Session } from "./session.ts";
import { Terminal } from "./terminal.ts";

/** Runs a command line. @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    return await run(argv);
  } catch (error) {
    if (error instanceof UserError) {
      process.stderr.write(`error: ${error.message}\n`);
      return error.exitCode;
    }
    const detail = process.env.PULUMI_DEBUG_COMMANDS && error instanceof Error ? `\n${error.stack}` : "";
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}${detail}\n`);
    return ExitCode.failure;
  }
}

async function run(argv: readonly string[]): Promise<number> {
  const { name, command, rest } = findCommand(argv);
  if (command === undefined) {
    process.stdout.write(overview(name));
    return 0;
  }
  if (command.flags === "any") return (await command.run(sessionFor(new Flags(new Map()), []))) ?? 0;
  const { flags, args } = parseFlags(rest, { ...GLOBAL_FLAGS, ...command.flags });
  if (flags.isOn("help")) {
    process.stdout.write(helpFor(name, command, command.flags));
    return 0;
  }
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

/** Splits a command line into the command's words and the rest; flags may come before the words. */
function findCommand(argv: readonly string[]): { name: string; command?: Command; rest: string[] } {
  const { before, after } = splitLeadingFlags(argv);
  let name = "";
  let taken = 0;
  for (const word of after) {
    const longer = name === "" ? word : `${name} ${word}`;
    if (!isPrefix(longer)) break;
    name = longer;
    taken++;
  }
  const command = COMMANDS[name];
  const next = after[taken];
  const takesArguments = command !== undefined && (command.args.length > 0 || command.variadic === true);
  if (next !== undefined && !next.startsWith("-") && !takesArguments) throw unknownCommand(next, name);
  return { name, rest: [...before, ...after.slice(taken)], ...(command === undefined ? {} : { command }) };
}

function isPrefix(words: string): boolean {
  return Object.keys(COMMANDS).some((name) => name === words || name.startsWith(`${words} `));
}

function unknownCommand(word: string, after: string): UserError {
  const place = after === "" ? "pulumi" : `pulumi ${after}`;
  return new UserError(`unknown command "${word}" for "${place}"\nRun '${place} --help' for usage.`);
}

function splitLeadingFlags(argv: readonly string[]): { before: string[]; after: string[] } {
  let index = 0;
  while (argv[index]?.startsWith("-") === true) {
    const flag = argv[index] ?? "";
    const name = flag.replace(/^--?/, "");
    const spec = Object.entries(GLOBAL_FLAGS).find(([long, { short }]) => long === name || short === name)?.[1];
    index += spec !== undefined && spec.type !== "boolean" ? 2 : 1;
  }
  return { before: argv.slice(0, index), after: argv.slice(index) };
}

function checkArguments(command: Command, args: readonly string[]): void {
  const most = command.variadic === true ? Number.POSITIVE_INFINITY : command.args.length;
  const least = command.args.length - (command.optional ?? 0);
  if (args.length >= least && args.length <= most) return;
  const wanted =
    least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`;
  throw new UserError(`accepts ${wanted} arg(s), received ${args.length}`);
}
