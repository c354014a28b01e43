import type { Apps } from "../apps/apps.ts";
import type { OneOffDynos } from "../one-off/one-off-dynos.ts";
import type { LogSink } from "../types.ts";
import type { AppJson } from "./app-json.ts";
import type { PlacedAddon } from "./config.ts";

/** What a new app begins with. */
export interface Beginnings extends Pick<AppJson, "formation"> {
  readonly addons: readonly PlacedAddon[];
  readonly variables: Readonly<Record<string, string>>;
}

/** Gives a new app its add-ons, formation and config vars, in one change. */
export async function configure(
  apps: Pick<Apps, "change">,
  app: string,
  { addons, formation, variables }: Beginnings,
  user: string,
): Promise<void> {
  await apps.change(app, { user, description: "Set up by app.json" }, (file) => {
    for (const { as, plan } of addons) file.addon(as, { service: "postgresql", plan });
    for (const [type, scale] of Object.entries(formation)) file.scale(type, scale);
    for (const [name, value] of Object.entries(variables)) file.setConfig(name, value);
  });
}

interface ScriptPorts {
  readonly oneOffs: Pick<OneOffDynos, "create" | "exitCode">;
  readonly log: LogSink;
}

/** Runs a script of an app's app.json in a one-off dyno. @returns its exit code */
export async function runScript(
  { oneOffs, log }: ScriptPorts,
  app: string,
  which: "postdeploy" | "pr-predestroy",
  command: string,
): Promise<number> {
  const tell = (text: string) => log.write(app, { source: "app", process: "api", text });
  tell(`Running the ${which} script: ${command}`);
  const { dyno } = await oneOffs.create({ app, command, env: {}, attach: false, tty: false });
  const exitCode = (await oneOffs.exitCode(app, dyno)) ?? 1;
  tell(`The ${which} script ended with exit code ${exitCode}`);
  return exitCode;
}
