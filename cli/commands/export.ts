import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { UserError } from "../../lib/errors.ts";
import { StackFileEditor } from "../../model/stack/editor.ts";
import { findProject, type Project, platformsOf, readStackFiles, type StackFile } from "../../model/stack/project.ts";
import { readPulumiEnv } from "../../services/stacks/backend.ts";
import { askSecret } from "../ask.ts";
import { reseal } from "../export/reseal.ts";
import { copySource } from "../export/sources.ts";
import { print } from "../output.ts";
import type { Command } from "./command.ts";

export const exportCommand: Command = {
  summary: "write the stack files and the apps' code for another machine",
  help: `Usage: dynoform export FOLDER [--no-sources]

Writes what this project declares into FOLDER, which must be empty: stacks/, each secret encrypted with a passphrase that is
asked for (or read from standard input), and apps/, the code that each app runs now. Not in it: what is in the databases
(\`heroku pg:backups:download\`), and what the platform itself remembers: accounts, collaborators, log drains, dyno hours.

Elsewhere: put both folders into a project, the passphrase into its .dynoform/passphrase, and run \`npx dynoform up\`.

  --no-sources  leave out apps/; apps whose code was pushed are pushed again then
`,
  options: { "no-sources": { type: "boolean" } },
  positionals: "arguments",
  async run(values, [folder, ...more]) {
    if (folder === undefined || more.length > 0) throw new UserError("say where to: `dynoform export FOLDER`.");
    const target = resolve(folder);
    if (existsSync(target)) throw new UserError(`${target} is there already. Say a folder that is not.`);
    const project = await findProject(process.cwd());
    const files = (await readStackFiles(project)).filter(({ kind }) => kind !== "other");
    if (files.length === 0) throw new UserError("no stack file of this project declares anything.");
    const passphrase = await newPassphrase();
    const unfinished = `${target}.unfinished-${process.pid}`;
    try {
      await write(project, files, unfinished, passphrase, values["no-sources"] !== true);
      await rename(unfinished, target);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
    print(`Written to ${target}: ${files.map(({ stack }) => stack).join(", ")}.`);
  },
};

async function write(
  project: Project,
  files: readonly StackFile[],
  target: string,
  passphrase: string,
  sources: boolean,
): Promise<void> {
  await mkdir(join(target, "stacks"), { recursive: true });
  const platforms = platformsOf(files.filter(({ kind }) => kind === "platform"));
  for (const file of files) {
    const { stack, path } = file;
    const text = await reseal(
      await readFile(path, "utf8"),
      stack,
      () => ownPassphrase(project),
      async () => passphrase,
    );
    const editor = new StackFileEditor(text, path);
    if (file.kind === "app") {
      const copied = sources && (await copySource(project, platforms, file, join(target, "apps", stack)));
      if (copied) editor.set(["source"], { path: `apps/${stack}` });
      else if (!sources && "commit" in Object(editor.app.source)) editor.remove(["source"]);
    }
    await writeFile(join(target, "stacks", basename(path)), editor.text);
  }
}

/** As the `pulumi` command of the project finds it. */
async function ownPassphrase({ directory }: Project): Promise<string> {
  const settings = { ...(await readPulumiEnv(directory)), ...process.env };
  const { PULUMI_CONFIG_PASSPHRASE: given, PULUMI_CONFIG_PASSPHRASE_FILE: file } = settings;
  if (given !== undefined) return given;
  return (await readFile(file || join(directory, ".dynoform", "passphrase"), "utf8")).trim();
}

async function newPassphrase(): Promise<string> {
  const first = (await askSecret("A passphrase for the secrets in it: ")).trim();
  if (first === "")
    throw new UserError("the passphrase is empty. Say one, by standard input where nobody can type it.");
  if (process.stdin.isTTY && (await askSecret("Once more: ")).trim() !== first)
    throw new UserError("the two passphrases are not the same.");
  return first;
}
