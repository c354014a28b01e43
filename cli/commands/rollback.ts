import { UserError } from "../../services/errors.ts";
import { type ApiClient, findTarget } from "../api-client.ts";
import { action, warn } from "../output.ts";
import { appOption, type Command } from "./command.ts";
import type { Release } from "./releases.ts";

export const rollbackCommand: Command = {
  summary: "go back to an older release",
  help: `Usage: dynoform rollback [vN] [-a APP]

Makes a new release of the code and config vars of an older one, by default of the one before the
current. Add-ons, what they set, and the formation stay as they are.
`,
  options: appOption,
  positionals: "arguments",
  async run(values, [which, ...more]) {
    if (more.length > 0) throw new UserError("name one release.");
    const { api, app } = await findTarget(process.cwd(), values.app);
    const [release, current] = await choose(api, app, which);
    await action(
      `Rolling back ${app} to v${release.version}`,
      () => api.ask("POST", `/apps/${app}/releases`, { release: release.id }),
      ({ body }) => `, v${body.version}`,
    );
    warn("Rollback affects code and config vars; it doesn't add or remove addons.");
    if (current !== undefined) warn(`To undo, run: dynoform rollback v${current.version} -a ${app}`);
  },
};

async function choose(api: ApiClient, app: string, which: string | undefined): Promise<[Release, Release | undefined]> {
  const range = "version ..; max=10, order=desc";
  const { body: newest }: { body: Release[] } = await api.ask("GET", `/apps/${app}/releases`, undefined, { range });
  const current = newest.find((release) => release.current);
  if (which !== undefined) {
    const version = /^v?(\d+)$/.exec(which)?.[1];
    if (version === undefined) throw new UserError(`${which} is no release. Write v3.`);
    return [(await api.ask("GET", `/apps/${app}/releases/${version}`)).body, current];
  }
  const before = newest.find((release) => !release.current && release.eligible_for_rollback);
  if (before === undefined) throw new UserError(`${app} has no older release that can be restored.`);
  return [before, current];
}
