import { PROTOCOL } from "../../services/control-plane/one-off/framing.ts";
import { UserError } from "../../services/errors.ts";
import { findTarget, type Target } from "../api-client.ts";
import { action, print } from "../output.ts";
import { terminalSession } from "../terminal-session.ts";
import { appOption, type Command, type Values } from "./command.ts";

export const runCommand: Command = {
  summary: "run a command in a fresh dyno",
  help: `Usage: dynoform run [-d] [-s SIZE] [-e NAME=VALUE]… COMMAND… [-a APP]

Runs a command in a one-off dyno of the app's current release. Its exit code is this command's.
A single argument is given to a shell as it is; after \`--\` every option is the command's own.

  -d, --detached        do not wait; its output goes to the app's log
  -s, --size SIZE       the dyno's size (default: that of the app's dynos)
  -e, --env NAME=VALUE  a variable for it alone
  --no-tty              no terminal, even if there is one here
`,
  options: {
    ...appOption,
    detached: { type: "boolean", short: "d" },
    size: { type: "string", short: "s" },
    env: { type: "string", short: "e", multiple: true },
    "no-tty": { type: "boolean" },
  },
  positionals: "words",
  async run(values, words) {
    if (words.length === 0) throw new UserError("say what to run: `dynoform run bash`.");
    const target = await findTarget(process.cwd(), values.app);
    const command = commandOf(words);
    if (values.detached !== true) return attached(target, command, values);
    await detached(target, command, values);
    return 0;
  },
};

async function detached({ api, app }: Target, command: string, values: Values): Promise<void> {
  const body = { attach: false, command, size: values.size, env: ownVariables(values) };
  const { body: dyno } = await action(
    `Running ${command} on ${app}`,
    () => api.ask("POST", `/apps/${app}/dynos`, body),
    ({ body: { name } }) => `, ${name}`,
  );
  print(`Run dynoform logs -a ${app} --dyno ${dyno.name} to view the output.`);
}

async function attached({ api, app }: Target, command: string, values: Values): Promise<number> {
  const { stdin, stdout, stderr } = process;
  const tty = stdin.isTTY === true && stdout.isTTY === true && values["no-tty"] !== true;
  const terminal = { TERM: process.env.TERM ?? "xterm", COLUMNS: String(stdout.columns), LINES: String(stdout.rows) };
  stderr.write(`Running ${command} on ${app}... `);
  const { body: dyno } = await api
    .ask("POST", `/apps/${app}/dynos`, {
      attach: true,
      command,
      size: values.size,
      env: { ...(tty && terminal), ...ownVariables(values) },
      ...(!tty && { force_no_tty: true }),
    })
    .catch((error: unknown) => {
      stderr.write("!\n");
      throw error;
    });
  const socket = await api.upgrade(dyno.attach_url, PROTOCOL);
  stderr.write(`up, ${dyno.name}\n`);
  return terminalSession(socket, { input: stdin, output: stdout, errors: stderr }, tty);
}

function ownVariables({ env = [] }: Values): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const each of Array.isArray(env) ? env : [env]) {
    const at = String(each).indexOf("=");
    if (at < 1) throw new UserError(`${each} is no variable. Write NAME=VALUE.`);
    variables[String(each).slice(0, at)] = String(each).slice(at + 1);
  }
  return variables;
}

/** What the dyno's shell shall run: one argument is a command line already, several are its words. */
export function commandOf(words: readonly string[]): string {
  if (words.length === 1) return words[0] ?? "";
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");
}
