import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { UserError } from "../../lib/errors.ts";

/** How many values are encrypted at a time. */
const PARALLEL = 3;

/** What runs a `pulumi` command with a text on its standard input. */
interface Pulumi {
  pulumi(args: readonly string[], input?: string): Promise<string>;
}

/**
 * Encrypts values as Pulumi does for a stack, each by a command on a copy of the stack file: the file itself changes only
 * once, and whole.
 *
 * @param scratch a folder that the runner sees too
 * @param key of the stack file, whose values they are: `dynoform:config`
 * @returns what to write as `{ secure: … }`
 */
export async function seal(
  runner: Pulumi,
  scratch: string,
  { stack, path }: { readonly stack: string; readonly path: string },
  key: string,
  values: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const sealed = new Map<string, string>();
  if (values.size === 0) return sealed;
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(scratch, "seal-"));
  const rest = [...values];
  const worker = async (number: number) => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      const [name, value] = next;
      const copy = join(folder, `${number}.yaml`);
      await copyFile(path, copy);
      const place = `${key}[${JSON.stringify(name)}]`;
      const args = ["config", "set", "--secret", "--path", place, "--config-file", copy, "--stack", stack];
      // The command takes one line break from the end.
      await runner.pulumi(args, `${value}\n`);
      sealed.set(name, secureOf(await readFile(copy, "utf8"), key, name));
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(PARALLEL, values.size) }, (_, number) => worker(number)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return sealed;
}

function secureOf(text: string, key: string, name: string): string {
  const secure: unknown = parse(text)?.config?.[key]?.[name]?.secure;
  if (typeof secure !== "string") throw new UserError(`the value of ${name} could not be encrypted`);
  return secure;
}
