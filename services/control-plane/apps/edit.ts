import { relative, resolve } from "node:path";
import { UserError } from "../../../lib/errors.ts";
import { isRecord } from "../../../lib/validation/readers.ts";
import { SECURE, type SecureKind, StackFileEditor } from "../../../model/stack/editor.ts";
import { seal } from "../../stacks/seal.ts";
import type { Runner } from "../runs/runner.ts";
import { AppFile } from "./app-file.ts";
import type { DeclaredApp } from "./declared.ts";

/** Changes an app's stack file in memory; what it throws leaves all as it is. */
export type Edit = (file: AppFile) => void | Promise<void>;

export interface EditOptions {
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  readonly runner: Pick<Runner, "pulumi">;
  /** A folder for unfinished copies of stack files, which the runner sees too. */
  readonly scratch: string;
}

/** A stack file's text after an edit, new values encrypted. */
export async function editedText(
  { project, runner, scratch }: EditOptions,
  { name, stack, path }: DeclaredApp,
  text: string,
  edit: Edit,
): Promise<string> {
  const editor = new StackFileEditor(text, path);
  const file = new AppFile(editor);
  await edit(file);
  checkSource(project, name, file.settings);
  for (const kind of Object.keys(SECURE) as SecureKind[]) {
    const values = [...file.values[kind]];
    const given = values.filter((entry): entry is [string, string] => entry[1] !== undefined);
    const sealed = await seal(runner, scratch, { stack, path }, SECURE[kind], new Map(given));
    for (const [called] of values) editor.setSecure(kind, called, sealed.get(called));
  }
  return editor.text;
}

/** The runner has the project and nothing beside it. */
function checkSource(project: string, app: string, { source }: Readonly<Record<string, unknown>>): void {
  const path = isRecord(source) ? source.path : undefined;
  if (typeof path !== "string" || !relative(project, resolve(project, path)).startsWith("..")) return;
  throw new UserError(
    `the source of ${app}, ${path}, lies outside of the project, where the platform cannot build it. Move it below ${project}, push it with git, or change the app on the host with \`pulumi up\`.`,
  );
}
