import { UserError } from "../../lib/errors.ts";
import { takeFile } from "../../model/stack/file-turn.ts";
import { KEY } from "../../model/stack/keys.ts";
import { type Project, readStackFiles, type StackFile } from "../../model/stack/project.ts";
import type { Engine } from "../../services/stacks/engine.ts";
import { newKey } from "../../services/stacks/new-stack.ts";
import { pulumiReason } from "../../services/stacks/reasons.ts";
import type { Say } from "../steps.ts";

/** The stack that a project of one's own gets when it has none. */
const FIRST_STACK = "dev";

/** What is asked of the engine here. */
type Stacks = Pick<Engine, "stacks" | "init" | "setSecret">;

interface EnsuredStacks {
  /** As they are now. */
  readonly files: StackFile[];
  /** The stacks of which the backend knows no resource. */
  readonly empty: ReadonlySet<string>;
}

/**
 * Makes the stacks that the project's files name where the backend has none, and gives every file of
 * an app its key. In a project whose own program makes the apps, that is each file.
 */
export async function ensureStacks(project: Project, engine: Stacks, say: Say): Promise<EnsuredStacks> {
  const stacks = await engine.stacks();
  const known = new Set(stacks.map(({ name }) => name));
  const full = new Set(stacks.filter(({ resourceCount = 0 }) => resourceCount > 0).map(({ name }) => name));
  let files = await readStackFiles(project);
  const wanted = files.map((file) => file.stack);
  if (wanted.length === 0 && known.size === 0) wanted.push(FIRST_STACK);
  for (const stack of wanted.filter((name) => !known.has(name))) {
    say(`pulumi stack init ${stack}`);
    await withPassphrase(stack, init(engine, stack));
  }
  files = await readStackFiles(project);
  const own = files.every((file) => file.kind === "other");
  for (const { stack, kind, config, path } of files) {
    if (KEY in config || (kind !== "app" && !own)) continue;
    if (kind === "app" && full.has(stack)) throw lostKey(stack, path);
    await using _turn = await takeFile(project.directory, stack);
    // Another command may have given it one meanwhile, and bring it up by that.
    if ((await readStackFiles(project)).some((now) => now.stack === stack && KEY in now.config)) continue;
    say(`a key for ${path}`);
    await withPassphrase(stack, engine.setSecret(stack, KEY, newKey()));
  }
  return { files, empty: new Set(files.map(({ stack }) => stack).filter((stack) => !full.has(stack))) };
}

/** Makes a stack, unless another command has made it meanwhile. */
async function init(engine: Stacks, stack: string): Promise<void> {
  try {
    await engine.init(stack);
  } catch (error) {
    if (!(await engine.stacks()).some(({ name }) => name === stack)) throw error;
  }
}

/** The database and the dynos of an app are named by its key: with another one they would have to be made anew. */
function lostKey(stack: string, path: string): UserError {
  return new UserError(
    `${path} has lost its \`${KEY}\`, by which the database of ${stack} is named. Put the file back as it was at the last \`up\` (git has it if it was committed or stashed); if it is gone for good, \`pulumi destroy --stack ${stack}\` removes the app with its data.`,
  );
}

/** A file that comes with another's salt cannot be used with a passphrase of our own. */
async function withPassphrase(stack: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (pulumiReason(error) !== "wrong-passphrase") throw error;
    throw new UserError(
      `the stack file of ${stack} was encrypted with another passphrase than .dynoform/passphrase. Put that one there, or set PULUMI_CONFIG_PASSPHRASE_FILE, and repeat the command.`,
    );
  }
}
