import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, UserError } from "../lib/errors.ts";
import { packageRoot } from "../lib/package-root.ts";
import { type Parsed, parseCommandLine } from "./command-line.ts";
import { ciCommand } from "./commands/ci.ts";
import type { Command } from "./commands/command.ts";
import { connectCommand } from "./commands/connect.ts";
import { downCommand } from "./commands/down.ts";
import { driftCommand } from "./commands/drift.ts";
import { envCommand } from "./commands/env.ts";
import { exportCommand } from "./commands/export.ts";
import { githubCommand } from "./commands/github.ts";
import { initCommand } from "./commands/init.ts";
import { inviteCommand } from "./commands/invite.ts";
import { planCommand } from "./commands/plan.ts";
import { schemaCommand } from "./commands/schema.ts";
import { setupCommand } from "./commands/setup.ts";
import { stateCommand } from "./commands/state.ts";
import { tokenCommand } from "./commands/token.ts";
import { trustCommand } from "./commands/trust.ts";
import { upCommand } from "./commands/up.ts";
import { usageCommand } from "./commands/usage.ts";

const commands: Readonly<Record<string, Command>> = {
  setup: setupCommand,
  up: upCommand,
  down: downCommand,
  env: envCommand,
  connect: connectCommand,
  token: tokenCommand,
  trust: trustCommand,
  invite: inviteCommand,
  github: githubCommand,
  plan: planCommand,
  ci: ciCommand,
  drift: driftCommand,
  init: initCommand,
  state: stateCommand,
  export: exportCommand,
  usage: usageCommand,
  schema: schemaCommand,
};

const help = `Usage: dynoform <command> [options]

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`)
  .join("\n")}

What is done to apps, the official \`heroku\` command does: \`eval "$(npx dynoform env)"\` points it here.
\`dynoform <command> --help\` tells more; \`--version\` tells which this is. Exit codes: 0 done, 1 failed, 2 wrong usage.
`;

/** @returns the exit code */
async function main([verb, ...args]: readonly string[]): Promise<number> {
  if (verb === undefined || verb === "help" || verb === "--help" || verb === "-h") {
    process.stdout.write(help);
    return verb === undefined ? 2 : 0;
  }
  if (verb === "--version" || verb === "version" || verb === "-v") {
    process.stdout.write(`dynoform ${await version()}\n`);
    return 0;
  }
  const command = Object.hasOwn(commands, verb) ? commands[verb] : undefined;
  if (command === undefined) {
    const known = Object.keys(commands).join(", ");
    return misuse(`there is no command "${verb}". Use ${known}; apps are changed by Heroku's own command, \`heroku\`.`);
  }
  let parsed: Parsed;
  try {
    parsed = parseCommandLine(command, args);
  } catch (error) {
    return misuse(`${messageOf(error)} See \`dynoform ${verb} --help\`.`, command.misuse);
  }
  if (parsed.values.help === true) {
    process.stdout.write(command.help);
    return 0;
  }
  if (process.env.DYNOFORM_ENGINE !== undefined)
    return misuse("DYNOFORM_ENGINE is not read any more: the variable is called PULUMI_CLI now, with the same values.");
  const code = await command.run(parsed.values, parsed.positionals);
  return typeof code === "number" ? code : 0;
}

async function version(): Promise<string> {
  return JSON.parse(await readFile(join(packageRoot(), "package.json"), "utf8")).version;
}

function misuse(message: string, code = 2): number {
  process.stderr.write(`error: ${message}\n`);
  return code;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // Only what nobody foresaw shows where it came from.
  const text =
    error instanceof UserError || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message);
  process.stderr.write(`error: ${text}\n`);
  process.exitCode = 1;
}
