import { parseArgs } from "node:util";
import { isUserError, messageOf } from "../services/errors.ts";
import type { Command } from "./commands/command.ts";
import { downCommand } from "./commands/down.ts";
import { setupCommand } from "./commands/setup.ts";
import { upCommand } from "./commands/up.ts";

const commands: Readonly<Record<string, Command>> = { setup: setupCommand, up: upCommand, down: downCommand };

const help = `Usage: dynoform <command> [options]

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(6)} ${summary}`)
  .join("\n")}

\`dynoform <command> --help\` tells more. Exit codes: 0 done, 1 failed, 2 wrong usage.
`;

/** @returns the exit code */
async function main([verb, ...args]: readonly string[]): Promise<number> {
  if (verb === undefined || verb === "help" || verb === "--help" || verb === "-h") {
    process.stdout.write(help);
    return verb === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(commands, verb) ? commands[verb] : undefined;
  if (command === undefined) return misuse(`there is no command "${verb}". Use ${Object.keys(commands).join(", ")}.`);
  let values: ReturnType<typeof parse>;
  try {
    values = parse(command, args);
  } catch (error) {
    return misuse(`${messageOf(error)} See \`dynoform ${verb} --help\`.`);
  }
  if (values.help === true) {
    process.stdout.write(command.help);
    return 0;
  }
  await command.run(values);
  return 0;
}

function parse(command: Command, args: readonly string[]) {
  const options = { ...command.options, help: { type: "boolean", short: "h" } } as const;
  return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
}

function misuse(message: string): number {
  process.stderr.write(`error: ${message}\n`);
  return 2;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // Only what nobody foresaw shows where it came from.
  const text = isUserError(error) || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message);
  process.stderr.write(`error: ${text}\n`);
  process.exitCode = 1;
}
