import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { UserError } from "../../lib/errors.ts";
import { Problems } from "../../lib/validation/problems.ts";
import { appName } from "../../model/names.ts";
import { findProject, type Project, platformsOf, readStackFiles } from "../../model/stack/project.ts";
import { type Declared, type Remarks, stackFileText } from "../init/declared.ts";
import { isApp, readFolder } from "../init/folder.ts";
import { fromHeroku } from "../init/from-heroku.ts";
import { HEROKU_API, readHerokuApp } from "../init/heroku-app.ts";
import { herokuToken } from "../init/heroku-token.ts";
import { sealedText } from "../init/write.ts";
import { print } from "../output.ts";
import type { Command } from "./command.ts";

export const initCommand: Command = {
  summary: "write the stack file of an app, from its folder or from Heroku",
  help: `Usage: dynoform init [FOLDER] [--name NAME] [--heroku APP] [--project FOLDER] [--dry-run]

Looks what the app in FOLDER is (default: this one), says what will not work here, and writes Pulumi.NAME.yaml into the
project (default: that of this folder), with what each line is for. Nothing is made before \`dynoform up\`.

  --heroku APP  take formation, config vars, add-ons, domains, buildpacks and features from an app of Heroku's, which is only
                read. Config vars are encrypted. Data is not copied.
  --dry-run     print the file, and write nothing

Environment:
  HEROKU_API_KEY       Heroku's token; else that of \`heroku login\`
  DYNOFORM_HEROKU_API  another address than ${HEROKU_API}
`,
  options: {
    name: { type: "string" },
    heroku: { type: "string" },
    project: { type: "string" },
    "dry-run": { type: "boolean" },
  },
  positionals: "arguments",
  async run(values, [folder = ".", ...more]) {
    if (more.length > 0) throw new UserError("say one folder: `dynoform init FOLDER`.");
    const root = resolve(folder);
    const project = await findProject(typeof values.project === "string" ? resolve(values.project) : root);
    const remarks: Remarks = { blocking: [], others: [] };
    const declared = await declare(root, project, values, remarks);
    const path = join(project.stackDirectory, `Pulumi.${declared.name}.yaml`);
    if (existsSync(path)) throw new UserError(`${path} is there already. Say another name: --name NAME.`);
    tell(remarks);
    const title = `The app ${declared.name}${typeof values.heroku === "string" ? `, from ${values.heroku} at Heroku` : ""}.`;
    if (values["dry-run"] === true) {
      const hidden = new Map(Object.keys(declared.config).map((name) => [name, "encrypted"]));
      return print(stackFileText(title, declared, hidden).trimEnd());
    }
    const text = await sealedText(project, declared.name, declared.config, (sealed) =>
      stackFileText(title, declared, sealed),
    );
    await writeFile(path, text, { flag: "wx" });
    print(`${text.trimEnd()}\n\nWritten to ${path}. Look it through, then: npx dynoform up`);
  },
};

async function declare(
  root: string,
  project: Project,
  { name: wanted, heroku }: Readonly<Record<string, unknown>>,
  remarks: Remarks,
): Promise<Declared> {
  const platforms = (await readStackFiles(project)).filter(({ kind }) => kind === "platform");
  if (platforms.length === 0)
    remarks.others.push("no stack file of the project declares a platform yet (`dynoform:platform: {}`)");
  // Where the project is another folder than the app's, that is meant to be one.
  const inside = root !== project.directory || isApp(root);
  const code = inside ? readFolder(root, platformsOf(platforms)[0]?.settings.pythons ?? "debian", remarks) : undefined;
  const app =
    typeof heroku === "string"
      ? await readHerokuApp(heroku, await herokuToken(), process.env.DYNOFORM_HEROKU_API || HEROKU_API)
      : undefined;
  const theirs = app && fromHeroku(app, code?.types, remarks);
  if (app === undefined && !inside)
    throw new UserError(`${root} is the project's folder and no app's. Go to the app's, name it, or say --heroku APP.`);
  const name = nameOf(wanted, app?.app.name ?? basename(root));
  return {
    name,
    ...(code !== undefined && { source: { value: relative(project.directory, root) || ".", why: code.why } }),
    formation: { ...code?.formation, ...theirs?.formation },
    // A database that the code wants is there at Heroku, or was not wanted.
    addons: theirs?.addons ?? code?.addons ?? {},
    hosts: theirs?.hosts ?? [],
    labs: theirs?.labs ?? [],
    maintenance: theirs?.maintenance ?? false,
    config: theirs?.config ?? {},
  };
}

function nameOf(wanted: unknown, fallback: string): string {
  const name =
    typeof wanted === "string"
      ? wanted
      : fallback
          .toLowerCase()
          .replace(/[^a-z0-9-]+/g, "-")
          .slice(0, 30);
  const problems = new Problems();
  appName(name, typeof wanted === "string" ? "--name" : "the app's name (say another: --name NAME)", problems);
  problems.check();
  return name;
}

/** @throws UserError when the app cannot run here: nothing is written then */
function tell({ blocking, others }: Remarks): void {
  if (others.length > 0) print(`What is different here:\n${others.map((line) => `  - ${line}`).join("\n")}\n`);
  if (blocking.length === 0) return;
  throw new UserError(
    `the app cannot run here as it is, and nothing was written:\n${blocking.map((line) => `  - ${line}`).join("\n")}`,
  );
}
