import { parseArgs } from "node:util";
import type { Command, Values } from "./commands/command.ts";

export interface Parsed {
  readonly values: Values;
  readonly positionals: readonly string[];
}

/** @throws what is wrong with the arguments, as Node says it */
export function parseCommandLine(command: Command, args: readonly string[]): Parsed {
  const options = { ...command.options, help: { type: "boolean", short: "h" } } as const;
  const [own, words] = command.positionals === "words" ? split(options, args) : [args, undefined];
  const allowPositionals = command.positionals !== undefined;
  const { values, positionals } = parseArgs({ args: [...own], options, strict: true, allowPositionals });
  return { values, positionals: words ?? positionals };
}

/**
 * Takes our own options out of a command of the user's, wherever they stand: of `run ls -l -a shop`, `ls -l` is left.
 * After `--` all is the user's.
 */
function split(options: Command["options"], args: readonly string[]): [own: string[], words: string[]] {
  const own: string[] = [];
  const words: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (arg === "--") return [own, [...words, ...args.slice(at + 1)]];
    const [name = "", value] = arg.split(/=(.*)/s);
    const found = Object.entries(options).find(([long, { short }]) => name === `--${long}` || arg === `-${short}`)?.[1];
    if (found === undefined) words.push(arg);
    else {
      own.push(arg);
      if (found.type === "string" && value === undefined && at + 1 < args.length) own.push(args[++at] ?? "");
    }
  }
  return [own, words];
}
