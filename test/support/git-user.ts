import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestPlatform } from "./platform.ts";
import { type Finished, finish, ran } from "./process.ts";

/** Somebody with git alone: a home of their own, what `dynoform env` says, and an API token as the password. */
export interface GitUser {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  git(...args: string[]): Promise<Finished>;
  /** Commits all there is. Gives the commit's id. */
  commit(message: string, ...more: string[]): Promise<string>;
}

/**
 * Makes one, and a repository in a folder of an app's code, with the app as its remote `heroku`.
 *
 * @param work the folder
 */
export async function gitUser(platform: TestPlatform, app: string, work: string): Promise<GitUser> {
  const home = join(platform.directory, "users", app);
  await mkdir(home, { recursive: true });
  const printed = await platform.dynoform("env");
  const token = (await platform.dynoform("token")).output.trim();
  await writeFile(join(home, ".netrc"), `machine 127.0.0.1 login heroku password ${token}\n`, { mode: 0o600 });
  const env = { PATH: process.env.PATH ?? "", HOME: home };
  const evaluated = await ran(["sh", "-c", 'eval "$1"', "sh", printed.output], { cwd: home, env });
  assert.equal(evaluated.exitCode, 0, evaluated.errors);

  const identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
  const git = (...args: string[]) =>
    finish(["env", "-i", `PATH=${env.PATH}`, `HOME=${home}`, "git", ...identity, ...args], work);
  await git("init", "--quiet", "--initial-branch=main");
  await git("remote", "add", "heroku", `https://127.0.0.1:${platform.ports.api}/${app}.git`);
  return {
    home,
    env,
    git,
    async commit(message, ...more) {
      await git("add", "--all");
      const { exitCode, output } = await git("commit", "--quiet", "--message", message, ...more);
      assert.equal(exitCode, 0, output);
      return (await git("rev-parse", "HEAD")).output.trim();
    },
  };
}
