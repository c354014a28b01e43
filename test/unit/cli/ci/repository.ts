import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A repository of git's with a project in it. */
export interface TestRepository extends AsyncDisposable {
  readonly directory: string;
  git(...args: readonly string[]): Promise<string>;
  /** Writes files, or removes those that are null, and commits. */
  commit(files: Readonly<Record<string, string | null>>): Promise<string>;
}

export async function repository(files: Readonly<Record<string, string>> = {}): Promise<TestRepository> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "ci-repository-")));
  const git = async (...args: readonly string[]) => {
    const identity = ["-c", "user.name=Octo", "-c", "user.email=octo@example.com", "-c", "commit.gpgsign=false"];
    return (await run("git", [...identity, ...args], { cwd: directory })).stdout.trim();
  };
  await git("init", "-q", "-b", "main");
  const made: TestRepository = {
    directory,
    git,
    async commit(changes) {
      for (const [path, text] of Object.entries(changes)) {
        const file = join(directory, path);
        await mkdir(dirname(file), { recursive: true });
        if (text === null) await rm(file);
        else await writeFile(file, text);
      }
      await git("add", "-A");
      await git("commit", "-q", "-m", "change");
      return git("rev-parse", "HEAD");
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
  await made.commit({ "Pulumi.yaml": "name: shop\nruntime: nodejs\nstackConfigDir: stacks\n", ...files });
  return made;
}

/** The stack files of a platform and of apps. */
export function stackFiles(...apps: readonly string[]): Record<string, string> {
  const file = (settings: string) => `config:\n  ${settings}\n  dynoform:key: ${"0".repeat(64)}\n`;
  return {
    "stacks/Pulumi.platform.yaml": file("dynoform:platform: {}"),
    ...Object.fromEntries(
      apps.map((app) => [`stacks/Pulumi.${app}.yaml`, file(`dynoform:app: { source: { path: apps/${app} } }`)]),
    ),
  };
}
