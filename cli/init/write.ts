import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { SECURE } from "../../model/stack/editor.ts";
import { homeDirectory, type Project } from "../../model/stack/project.ts";
import { Engine } from "../../services/stacks/engine.ts";
import { initStack, removeStack } from "../../services/stacks/new-stack.ts";
import { seal } from "../../services/stacks/seal.ts";
import { ensureEnvironment } from "../setup/environment.ts";

/**
 * Encrypts config vars for a stack and gives its file's text to `compose`, which is told them by name. The stack is made
 * for it, with a file elsewhere: in the project there is nothing of it before all of it is there.
 *
 * @returns the text, with the salt that the values were encrypted with
 */
export async function sealedText(
  project: Project,
  stack: string,
  values: Readonly<Record<string, string>>,
  compose: (sealed: ReadonlyMap<string, string>) => string,
): Promise<string> {
  if (Object.keys(values).length === 0) return compose(new Map());
  await ensureEnvironment(project.directory, homeDirectory());
  const aside = await mkdtemp(join(tmpdir(), "dynoform-init-"));
  try {
    await writeFile(join(aside, "Pulumi.yaml"), stringify({ name: project.name, runtime: "nodejs" }));
    await copyFile(join(project.directory, "pulumi.env"), join(aside, "pulumi.env"));
    const path = join(aside, `Pulumi.${stack}.yaml`);
    await writeFile(path, compose(new Map()));
    const engine = new Engine({ directory: aside });
    await initStack(engine, stack);
    try {
      const pulumi = (args: readonly string[], input?: string) => engine.run(args, input);
      const sealed = await seal({ pulumi }, aside, { stack, path }, SECURE.config, new Map(Object.entries(values)));
      const [salt = ""] = /^encryptionsalt: .*\n/m.exec(await readFile(path, "utf8")) ?? [];
      return `${salt}${compose(sealed)}`;
    } catch (error) {
      await removeStack(engine, stack);
      throw error;
    }
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
