import { UserError } from "../../lib/errors.ts";
import { findProject, platformsOf, readStackFiles } from "../../model/stack/project.ts";
import { findTarget, hostClient } from "../api-client.ts";
import { print } from "../output.ts";
import { appOption, type Command } from "./command.ts";
import { callOf, VERBS } from "./plan/verbs.ts";

/** What the API answers to a dry run. */
interface DryRun {
  readonly dry_run?: boolean;
  readonly description: string;
  readonly preview: string;
}

export const planCommand: Command = {
  summary: "show what a command of heroku's would change",
  help: `Usage: dynoform plan VERB [ARGUMENTS…] [-a APP]

Shows the preview of what \`heroku VERB …\` would do, and does nothing.

${VERBS.map((usage) => `  dynoform plan ${usage}`).join("\n")}
`,
  options: { ...appOption, as: { type: "string" } },
  positionals: "arguments",
  async run(values, [verb, ...args]) {
    if (verb === undefined) throw new UserError(`say what to plan, e.g. \`dynoform plan ${VERBS[0]} -a APP\`.`);
    const call = callOf(verb, args, typeof values.as === "string" ? { as: values.as } : {});
    const { api, app } = call.ofApp ? await findTarget(process.cwd(), values.app) : { api: await onlyApi(), app: "" };
    const path = call.path.replace(":app", encodeURIComponent(app));
    const { body } = await api.ask(call.method, path, call.body, { "dynoform-dry-run": "1" });
    const { dry_run: dryRun, description, preview } = body as DryRun;
    if (dryRun !== true) print("Nothing would change.");
    else
      print(
        preview === "" ? `${description}: changes nothing that is declared.` : `${description}\n\n${preview.trim()}`,
      );
  },
};

/** For what is about no app that is there. */
async function onlyApi() {
  const files = await readStackFiles(await findProject(process.cwd()));
  const [target] = platformsOf(files.filter(({ kind }) => kind === "platform"));
  if (target === undefined) throw new UserError("no stack file here declares a platform.");
  return hostClient(target);
}
