import { UserError } from "../../services/errors.ts";
import { findTarget } from "../api-client.ts";
import { action } from "../output.ts";
import { appOption, type Command } from "./command.ts";

export const restartCommand: Command = {
  summary: "restart an app's dynos",
  help: `Usage: dynoform restart [TYPE|DYNO] [-a APP]

Restarts all dynos, those of a type (web), or one (web.1), one after the other. No request is lost.
`,
  options: appOption,
  positionals: "arguments",
  async run(values, [which, ...more]) {
    if (more.length > 0) throw new UserError("name one type or one dyno, or none.");
    const { api, app } = await findTarget(process.cwd(), values.app);
    const [what, path] = target(which);
    await action(`Restarting ${what} on ${app}`, () => api.ask("DELETE", `/apps/${app}/${path}`));
  },
};

function target(which: string | undefined): [what: string, path: string] {
  if (which === undefined) return ["all dynos", "dynos"];
  const name = encodeURIComponent(which);
  return which.includes(".") ? [`dyno ${which}`, `dynos/${name}`] : [`all ${which} dynos`, `formations/${name}`];
}
