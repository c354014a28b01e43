/** The small commands. */
import { userInfo } from "node:os";
import { PULUMI_VERSION } from "../state/checkpoint.ts";
import { UserError } from "../state/errors.ts";
import { removeLocks } from "../state/lock.ts";
import { openBackend } from "../state/open-backend.ts";
import { saveLogin } from "../state/workspace.ts";
import type { Session } from "./session.ts";
import { confirm, printJson } from "./terminal.ts";

export async function version(session: Session): Promise<void> {
  session.terminal.line(`v${PULUMI_VERSION}`);
}

export async function whoami(session: Session): Promise<void> {
  const user = userInfo().username;
  const { shown: url } = await session.backend();
  if (session.flags.isOn("json")) printJson(session.terminal, { user, url });
  else if (session.flags.isOn("verbose")) session.terminal.out(`User: ${user}\nOrganizations: \nBackend URL: ${url}\n`);
  else session.terminal.line(user);
}

export async function login(session: Session): Promise<void> {
  const given = session.args[0] ?? session.flags.text("cloud-url");
  const url = session.flags.isOn("local") ? "file://~" : given;
  if (url === undefined)
    throw new UserError(
      "say where states are kept: 'pulumi login file:///some/folder', --local for your home folder, or 'pulumi login postgres://…'",
    );
  const backend = openBackend(url, session.directory);
  await backend.prepare();
  await saveLogin(session.environment, url);
  session.terminal.line(`Logged in to ${backend.shown} as ${userInfo().username}`);
}

export async function logout(session: Session): Promise<void> {
  await saveLogin(session.environment, undefined);
  session.terminal.line("Logged out.");
}

export async function cancel(session: Session): Promise<void> {
  const [argument] = session.args;
  const name =
    argument === undefined ? await session.stack() : await session.existing(await session.stackName(argument));
  const { terminal } = session;
  const warning = `This will irreversibly cancel the currently running update for '${name.stack}'!`;
  if (terminal.interactive) await confirm(terminal, session.flags.isOn("yes"), warning, name.stack);
  await removeLocks(await session.backend(), name);
  terminal.line(`The currently running update for '${name.stack}' has been canceled!`);
}

/** Dependencies are npm's, and providers come with the engine or the project: there is nothing to fetch. */
export async function install(session: Session): Promise<void> {
  await session.project();
  session.terminal.line("Nothing to install: the embedded engine brings its providers, and npm installs the rest.");
}

export async function orgDefault(): Promise<never> {
  throw new UserError("unable to set a default organization for the backend: its backends have no organizations");
}

/** A command of the real CLI that this engine does not have. */
export async function refuse(reason: string): Promise<never> {
  throw new UserError(reason);
}
