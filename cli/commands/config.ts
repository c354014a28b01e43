import { UserError } from "../../services/errors.ts";
import { type ApiClient, findTarget } from "../api-client.ts";
import { action, print, variables } from "../output.ts";
import { appOption, type Command } from "./command.ts";

export const configCommand: Command = {
  summary: "show or change an app's config vars",
  help: `Usage: dynoform config [-a APP]
       dynoform config get NAME [-a APP]
       dynoform config set NAME=VALUE… [-a APP]
       dynoform config unset NAME… [-a APP]

A change makes a release: new dynos with the new variables take the place of the old ones.
`,
  options: appOption,
  positionals: "arguments",
  async run(values, [verb, ...args]) {
    if (verb !== undefined && !["get", "set", "unset"].includes(verb)) {
      throw new UserError(`config knows get, set and unset, but not ${verb}.`);
    }
    if (verb !== undefined && args.length === 0) throw new UserError(`say what to ${verb}.`);
    const set = verb === "set" ? Object.fromEntries(args.map(readVariable)) : {};
    const { api, app } = await findTarget(process.cwd(), values.app);
    if (verb === "set") {
      await change(api, app, "Setting", set);
      print(variables(set));
    } else if (verb === "unset") {
      await change(api, app, "Unsetting", Object.fromEntries(args.map((name) => [name, null])));
    } else {
      const { body } = await api.ask("GET", `/apps/${app}/config-vars`);
      if (verb === "get") print(args.map((name) => body[name] ?? "").join("\n"));
      else
        print(
          Object.keys(body).length === 0
            ? `${app} has no config vars.`
            : `=== ${app} Config Vars\n\n${variables(body)}`,
        );
    }
  },
};

async function change(
  api: ApiClient,
  app: string,
  doing: string,
  changes: Readonly<Record<string, string | null>>,
): Promise<void> {
  await action(
    `${doing} ${Object.keys(changes).join(", ")} and restarting ${app}`,
    async () => {
      await api.ask("PATCH", `/apps/${app}/config-vars`, changes);
      const range = "version ..; order=desc,max=1";
      return (await api.ask("GET", `/apps/${app}/releases`, undefined, { range })).body[0];
    },
    (release) => (release === undefined ? "" : `, v${release.version}`),
  );
}

function readVariable(arg: string): [name: string, value: string] {
  const at = arg.indexOf("=");
  if (at < 1) throw new UserError(`${arg} is no setting. Write NAME=VALUE.`);
  return [arg.slice(0, at), arg.slice(at + 1)];
}
