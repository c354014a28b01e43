import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { isMissing } from "../../../lib/errors.ts";
import { DEFAULT_BASE_URL } from "../../../model/github/settings.ts";
import { isPlatform } from "../../../model/stack/declared.ts";
import { StackFileEditor } from "../../../model/stack/editor.ts";
import { DEFAULT_PLATFORM_STACK, GITHUB, GITHUB_AUTH } from "../../../model/stack/keys.ts";
import { findProject, readStackFiles } from "../../../model/stack/project.ts";
import { pulumiReason } from "../../stacks/reasons.ts";
import { seal } from "../../stacks/seal.ts";
import type { NewStack } from "../apps/stack-changes.ts";
import type { Runner } from "../runs/runner.ts";
import type { Connection, Credential, LinkedApp } from "./ports.ts";

export interface LinkFileOptions {
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  /** The platform's name. */
  readonly platform: string;
  readonly runner: Pick<Runner, "pulumi">;
  /** A folder for unfinished copies of stack files, which the runner sees too. */
  readonly scratch: string;
}

/** What the file of a link that is not there yet will say. */
export async function newLink(
  options: LinkFileOptions,
  repository: string,
  by: Pick<Connection, "forge" | "baseUrl" | "credential">,
  apps: Readonly<Record<string, LinkedApp>>,
): Promise<NewStack> {
  const project = await findProject(options.project);
  const files = await readStackFiles(project);
  const platform = files.find((file) => isPlatform(file, options.platform))?.stack ?? DEFAULT_PLATFORM_STACK;
  const taken = new Set(files.map(({ stack }) => stack));
  const name = safeName(repository);
  let stack = `${name}.github`;
  for (let number = 2; taken.has(stack); number++) stack = `${name}-${number}.github`;
  const settings = {
    repository,
    ...(by.forge !== undefined && by.forge !== "github" && { forge: by.forge }),
    ...(by.baseUrl !== DEFAULT_BASE_URL && { baseUrl: by.baseUrl }),
    ...(platform !== DEFAULT_PLATFORM_STACK && { platform }),
    apps: Object.fromEntries(Object.entries(apps).map(([app, linked]) => [app, written(linked)])),
  };
  const text = await sealedAside(
    options,
    project.name,
    stack,
    stringify({ config: { [GITHUB]: settings } }),
    by.credential,
  );
  return { stack, path: join(project.stackDirectory, `Pulumi.${stack}.yaml`), text };
}

/** Declares an app's link; undefined: no more. */
export function withApp(text: string, path: string, app: string, linked: LinkedApp | undefined): string {
  const editor = new StackFileEditor(text, path);
  if (linked === undefined) editor.removeConfigured([GITHUB, "apps", app]);
  else editor.setConfigured([GITHUB, "apps", app], written(linked));
  return editor.text;
}

/** Says by what the platform is let in from now on. */
export async function withCredential(
  { runner, scratch }: Pick<LinkFileOptions, "runner" | "scratch">,
  place: { readonly stack: string; readonly path: string },
  text: string,
  credential: Credential,
): Promise<string> {
  const [name, secret] = secretOf(credential);
  const secure = (await seal(runner, scratch, place, GITHUB_AUTH, new Map([[name, secret]]))).get(name) ?? "";
  const editor = new StackFileEditor(text, place.path);
  editor.setConfigured([GITHUB_AUTH], declared(credential, secure));
  return editor.text;
}

/** What is at its default is not written. */
function written({ branch, autoDeploy, waitForCi }: LinkedApp) {
  return { branch, ...(autoDeploy && { autoDeploy }), ...(waitForCi && { waitForCi }) };
}

function secretOf(credential: Credential): readonly [name: string, secret: string] {
  return "token" in credential ? ["token", credential.token] : ["pem", credential.app.pem];
}

function declared(credential: Credential, secure: string) {
  if ("token" in credential) return { token: { secure } };
  const { id, installation } = credential.app;
  return { app: { id, installation, pem: { secure } } };
}

/**
 * The text of a new stack's file with its credential. Values are encrypted for stacks that are there, so there is an empty
 * one from here on, whose file lies in a project of the same name elsewhere until the text is whole; a run that creates
 * the stack takes it over.
 */
async function sealedAside(
  { runner, scratch, project }: LinkFileOptions,
  name: string,
  stack: string,
  text: string,
  credential: Credential,
): Promise<string> {
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const aside = await mkdtemp(join(scratch, "link-"));
  try {
    await writeFile(join(aside, "Pulumi.yaml"), stringify({ name, runtime: "nodejs" }));
    // Backend and passphrase.
    await copyFile(join(project, "pulumi.env"), join(aside, "pulumi.env")).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    const path = join(aside, `Pulumi.${stack}.yaml`);
    await writeFile(path, text);
    // One that is there is empty, or the run will refuse it.
    await runner.pulumi(["stack", "init", stack, "--no-select"], "", aside).catch((error: unknown) => {
      if (pulumiReason(error) !== "exists") throw error;
    });
    const sealing = { pulumi: (args: readonly string[], input?: string) => runner.pulumi(args, input, aside) };
    return await withCredential(
      { runner: sealing, scratch },
      { stack, path },
      await readFile(path, "utf8"),
      credential,
    );
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** A repository's name as part of a stack's and a file's. */
function safeName(repository: string): string {
  const [, name = ""] = repository.toLowerCase().split("/");
  const safe = name.replace(/[^a-z0-9-]+/g, "-").replace(/^-+|-+$/g, "");
  return safe.slice(0, 40) || "repository";
}
