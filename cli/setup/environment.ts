import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isMissing } from "../../lib/errors.ts";
import { writeOnce } from "./write-once.ts";

/**
 * Makes the state's folder and the passphrase, and writes `pulumi.env` beside Pulumi.yaml: what the
 * `pulumi` command of this project is told, unless the environment says otherwise.
 *
 * @param directory the folder of Pulumi.yaml
 * @param home where the runtime directories lie
 */
export async function ensureEnvironment(directory: string, home: string): Promise<void> {
  const state = join(directory, ".dynoform", "state");
  const passphrase = join(directory, ".dynoform", "passphrase");
  await mkdir(state, { recursive: true });
  // Losing it is losing every secret.
  await writeOnce(passphrase, `${randomBytes(32).toString("base64url")}\n`);
  await writeIfChanged(
    join(directory, "pulumi.env"),
    pulumiEnv({
      PULUMI_BACKEND_URL: `file://${state}`,
      PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
      DYNOFORM_HOME: home,
    }),
  );
}

/** The text of `pulumi.env`. */
function pulumiEnv(variables: Readonly<Record<string, string>>): string {
  return [
    "# Written by `dynoform setup` for the pulumi command in this folder; what the environment says goes before it.",
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    "",
  ].join("\n");
}

async function writeIfChanged(path: string, content: string): Promise<void> {
  const present = await readFile(path, "utf8").catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (present !== content) await writeFile(path, content);
}
