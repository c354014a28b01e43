import { randomBytes } from "node:crypto";
import type { Engine } from "../engine.ts";
import { PulumiError } from "../engine.ts";
import { UserError } from "../errors.ts";
import type { StackFile } from "../project.ts";
import type { Say } from "../steps.ts";

const KEY = "dynoform:key";

/** Makes the stacks of these files where the backend has none, and gives every app's file its key. */
export async function ensureStacks(engine: Engine, files: readonly StackFile[], say: Say): Promise<void> {
  const known = new Set((await engine.stacks()).map((stack) => stack.name));
  for (const file of files) {
    if (!known.has(file.stack)) {
      say(`pulumi stack init ${file.stack}`);
      await readable(file, engine.init(file.stack));
    }
    if (file.kind === "app" && !(KEY in file.config)) {
      say(`a key for ${file.path}`);
      await readable(file, engine.setSecret(file.stack, KEY, randomBytes(32).toString("hex")));
    }
  }
}

/** A file that comes with another's salt cannot be used with a passphrase of our own. */
async function readable(file: StackFile, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof PulumiError) || !error.output.includes("incorrect passphrase")) throw error;
    throw new UserError(
      `${file.path} was encrypted with another passphrase than .dynoform/passphrase. Put that one there, or set PULUMI_CONFIG_PASSPHRASE_FILE, and repeat the command.`,
    );
  }
}
