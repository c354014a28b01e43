/** What Pulumi remembers of a user: the selected stacks and the backend, in PULUMI_HOME (`~/.pulumi`). */
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { UserError } from "./errors.ts";
import { readFileIfAny, writeFileAtomic } from "./files.ts";
import type { Project } from "./project.ts";
import type { StackName } from "./stack-name.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export function pulumiHome(environment: Environment): string {
  return environment.PULUMI_HOME || join(homedir(), ".pulumi");
}

/** PULUMI_BACKEND_URL, else the project's, else that of the last login. */
export async function backendUrl(environment: Environment, project: Project | undefined): Promise<string> {
  const chosen = environment.PULUMI_BACKEND_URL || project?.backendUrl;
  if (chosen !== undefined) return chosen;
  const text = await readFileIfAny(credentialsFile(environment));
  const current = text === undefined ? undefined : (JSON.parse(text) as { current?: string }).current;
  if (current) return current;
  throw new UserError(
    "no backend: set PULUMI_BACKEND_URL=file:///some/folder, or run 'pulumi login file://~' to keep states in your home folder",
  );
}

/** Remembers the backend of `pulumi login`; undefined forgets it. */
export async function saveLogin(environment: Environment, url: string | undefined): Promise<void> {
  const file = credentialsFile(environment);
  const known = JSON.parse((await readFileIfAny(file)) ?? "{}") as {
    current?: string;
    accessTokens?: Record<string, string>;
    accounts?: Record<string, object>;
  };
  const forget = known.current ?? "";
  const accounts = { ...known.accounts };
  const accessTokens = { ...known.accessTokens };
  if (url === undefined) {
    delete accounts[forget];
    delete accessTokens[forget];
  } else {
    accounts[url] = {};
    accessTokens[url] = "";
  }
  await writeFileAtomic(file, JSON.stringify({ current: url ?? "", accessTokens, accounts }, null, 4));
}

function credentialsFile(environment: Environment): string {
  return join(pulumiHome(environment), "credentials.json");
}

/** The selected stack's name, as it was written; undefined when none is. */
export async function selectedStack(
  environment: Environment,
  project: Project,
  backend: string,
): Promise<string | undefined> {
  const text = await readFileIfAny(workspaceFile(environment, project));
  if (text === undefined) return undefined;
  const file = JSON.parse(text) as { stack?: string; stacks?: Record<string, string> };
  return file.stacks?.[backend] ?? file.stack;
}

export async function selectStack(
  environment: Environment,
  project: Project,
  backend: string,
  stack: string | undefined,
): Promise<void> {
  const path = workspaceFile(environment, project);
  const file = JSON.parse((await readFileIfAny(path)) ?? "{}") as { stack?: string; stacks?: Record<string, string> };
  const stacks = { ...file.stacks };
  if (stack === undefined) delete stacks[backend];
  else stacks[backend] = stack;
  await writeFileAtomic(path, JSON.stringify({ stacks }, null, 4));
}

function workspaceFile(environment: Environment, project: Project): string {
  return join(pulumiHome(environment), "workspaces", `${project.name}-${hashOf(project)}-workspace.json`);
}

/** The other stacks that a stack's last deployment asked for. */
export async function lastReferences(environment: Environment, project: Project, stack: StackName): Promise<string[]> {
  const text = await readFileIfAny(referencesFile(environment, project, stack));
  return text === undefined ? [] : JSON.parse(text);
}

/** @param references none: there is no file then */
export async function rememberReferences(
  environment: Environment,
  project: Project,
  stack: StackName,
  references: readonly string[],
): Promise<void> {
  const path = referencesFile(environment, project, stack);
  const text = JSON.stringify(references);
  if (references.length === 0) await rm(path, { force: true });
  else if ((await readFileIfAny(path)) !== text) await writeFileAtomic(path, text);
}

function referencesFile(environment: Environment, project: Project, stack: StackName): string {
  const name = `${stack.project}-${stack.stack}-${hashOf(project)}.json`;
  return join(pulumiHome(environment), "cache", "references", name);
}

/** Of the project file's path: projects in different folders may have one name. */
function hashOf(project: Project): string {
  return createHash("sha1").update(project.file).digest("hex");
}
