/** `--help`. */
import { type Command, GLOBAL_FLAGS } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import type { FlagSpecs } from "./flags.ts";

export function overview(prefix: string): string {
  const names = Object.keys(COMMANDS).filter((name) => prefix === "" || name.startsWith(`${prefix} `));
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => `  ${name.padEnd(width)}  ${COMMANDS[name]?.help}`);
  const usage = ["pulumi", prefix, "[command]"].filter(Boolean).join(" ");
  return (
    `An embedded Pulumi engine, with the command line of Pulumi.\n\nUsage:\n  ${usage}\n\n` +
    `Commands:\n${lines.join("\n")}\n\nGlobal Flags:\n${list(GLOBAL_FLAGS)}\n`
  );
}

export function helpFor(name: string, command: Command, flags: FlagSpecs): string {
  const args = command.args.map((arg, index) =>
    index >= command.args.length - (command.optional ?? 0) ? `[${arg}]` : arg,
  );
  const usage = ["pulumi", name, ...args, ...(command.variadic === true ? ["…"] : []), "[flags]"].join(" ");
  return `${command.help}\n\nUsage:\n  ${usage}\n\nFlags:\n${list(flags)}\n\nGlobal Flags:\n${list(GLOBAL_FLAGS)}\n`;
}

function list(flags: FlagSpecs): string {
  const rows = Object.entries(flags).map(([name, { short, type, help }]) => {
    const shown = `${short === undefined ? "    " : `-${short}, `}--${name}${type === "boolean" ? "" : ` ${type}`}`;
    return [shown, help] as const;
  });
  const width = Math.max(0, ...rows.map(([shown]) => shown.length));
  return rows.map(([shown, help]) => `  ${shown.padEnd(width)}   ${help}`).join("\n");
}
