import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { isMissing } from "../../lib/errors.ts";
import { findProject } from "../../model/stack/project.ts";
import { Engine, type Outcome } from "./engine.ts";
import { initStack, removeStack } from "./new-stack.ts";

export interface NewStack {
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  readonly stack: string;
  /** Its settings file, wherever it lies. */
  readonly settings: string;
}

/**
 * Previews a stack that is not there. Pulumi previews none but known ones, so there is one while it does: its settings
 * file lies in a project of the same name elsewhere, and nothing of it in the user's.
 */
export async function previewNew(engine: Engine, { project, stack, settings }: NewStack): Promise<Outcome> {
  const { name } = await findProject(project);
  const aside = await mkdtemp(join(tmpdir(), "dynoform-preview-"));
  try {
    await writeFile(join(aside, "Pulumi.yaml"), stringify({ name, runtime: "nodejs" }));
    // Backend and passphrase.
    await copyFile(join(project, "pulumi.env"), join(aside, "pulumi.env")).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    const file = join(aside, `Pulumi.${stack}.yaml`);
    await copyFile(settings, file);
    const other = new Engine({ directory: aside, display: () => {} });
    await initStack(other, stack);
    try {
      return await engine.preview(stack, ["--config-file", file]);
    } finally {
      await removeStack(other, stack);
    }
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
