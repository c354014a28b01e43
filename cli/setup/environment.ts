import { randomBytes } from "node:crypto";
import { chown, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { readFileIfAny, writeFileAtomic } from "../../engine/src/state/files.ts";
import { openBackend } from "../../engine/src/state/open-backend.ts";
import { UserError } from "../../lib/errors.ts";
import { readPulumiEnv } from "../../services/stacks/backend.ts";
import { writeOnce } from "./write-once.ts";

/**
 * Makes the state's folder and the passphrase, and writes `pulumi.env` beside Pulumi.yaml: what the
 * `pulumi` command of this project is told, unless the environment says otherwise.
 *
 * @param directory the folder of Pulumi.yaml
 * @param home where the runtime directories lie
 * @throws UserError when the environment names an empty database, and there are states elsewhere
 */
export async function ensureEnvironment(directory: string, home: string): Promise<void> {
  const passphrase = join(directory, ".dynoform", "passphrase");
  await mkdir(join(directory, ".dynoform", "state"), { recursive: true });
  // Losing it is losing every secret.
  await writeOnce(passphrase, `${randomBytes(32).toString("base64url")}\n`);
  await writePulumiEnv(directory, {
    PULUMI_BACKEND_URL: await backendUrl(directory),
    PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
    DYNOFORM_HOME: home,
  });
}

/** The states' folder of a project, unless they are elsewhere. */
export function localStates(directory: string): string {
  return `file://${join(directory, ".dynoform", "state")}`;
}

/**
 * A database stays where it was said to be. One that only the environment names is written down: the runner of the
 * platform finds it in the file.
 */
async function backendUrl(directory: string): Promise<string> {
  const { PULUMI_BACKEND_URL: present = "" } = await readPulumiEnv(directory);
  const known = present.startsWith("postgres://") ? present : localStates(directory);
  const { PULUMI_BACKEND_URL: wanted = "" } = process.env;
  if (!wanted.startsWith("postgres://") || wanted === known) return known;
  const before = openBackend(known, directory);
  const stacks = await before.list().catch(() => []);
  if (
    stacks.length > 0 &&
    (
      await openBackend(wanted, directory)
        .list()
        .catch(() => [])
    ).length === 0
  ) {
    throw new UserError(
      `PULUMI_BACKEND_URL names a database without states, and those of this project are in ${before.shown}. \`dynoform state move\` moves them.`,
    );
  }
  return wanted;
}

/** Writes `pulumi.env`, for the project's owner alone: a database's URL has its password. */
export async function writePulumiEnv(directory: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const path = join(directory, "pulumi.env");
  const content = pulumiEnv(variables);
  if ((await readFileIfAny(path)) === content) return;
  await writeFileAtomic(path, content);
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(directory);
  await chown(path, uid, gid);
}

/** The text of `pulumi.env`. */
function pulumiEnv(variables: Readonly<Record<string, string>>): string {
  return [
    "# Written by `dynoform setup` for the pulumi command in this folder; what the environment says goes before it.",
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    "",
  ].join("\n");
}
