import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { packageRoot } from "../../lib/package-root.ts";
import { type AppApi, appApi } from "./app-api.ts";
import { apiOf } from "./dyno-manager.ts";
import { type GitUser, gitUser } from "./git-user.ts";
import type { Answer, Request } from "./http.ts";
import type { TestPlatform } from "./platform.ts";
import { run } from "./rendezvous.ts";

/** An app as somebody brings it, pushed unchanged to a platform that cases share, and what is right of it. */
export interface Case {
  /** Also the app's name: lower-case letters, digits and dashes. */
  readonly name: string;
  /** A folder of `test/fixtures/cases`. */
  readonly folder: string;
  /** Config vars that are set before the push. */
  readonly config?: Readonly<Record<string, string>>;
  /** Whether a database is attached before the push. @default false */
  readonly database?: boolean;
  /** Changes the repository before its first commit. */
  prepare?(work: string): Promise<void>;
  /** Whether the push is refused. @default false */
  readonly refused?: boolean;
  check(app: CaseApp, t: TestContext): Promise<void>;
}

/** A case's app after its push. */
export interface CaseApp extends GitUser {
  readonly platform: TestPlatform;
  readonly name: string;
  /** The repository's folder. */
  readonly work: string;
  readonly api: AppApi;
  /** What `git push` printed. */
  readonly pushed: string;
  /** Asks the router for a path of the app. */
  fetch(path?: string, request?: Request): Promise<Answer>;
  /** Runs a command in a one-off dyno; it has to succeed. Gives its output. */
  run(command: string): Promise<string>;
}

/** Makes a case's app, pushes it, and checks what is right of it. The app is destroyed at the end. */
export async function runCase(t: TestContext, platform: TestPlatform, it: Case): Promise<void> {
  const { name } = it;
  const host = await apiOf(platform);
  await host.ask("POST", "/apps", { name });
  await using _app = { [Symbol.asyncDispose]: async () => void (await host.ask("DELETE", `/apps/${name}`)) };
  if (it.database) await host.ask("POST", `/apps/${name}/addons`, { plan: "heroku-postgresql:essential-0" });
  const api = await appApi(platform, name);
  if (it.config !== undefined) await api.set(it.config);

  const work = join(platform.directory, "cases", name);
  await cp(join(packageRoot(), "test", "fixtures", "cases", it.folder), work, { recursive: true });
  const user = await gitUser(platform, name, work);
  await it.prepare?.(work);
  await user.commit("As it was brought");
  const { exitCode, output } = await user.git("push", "heroku", "main");
  assert.equal(exitCode === 0, !it.refused, output);
  await it.check(
    {
      ...user,
      platform,
      name,
      work,
      api,
      pushed: output,
      fetch: (path, request) => platform.fetch(name, path, request),
      async run(command) {
        const done = await run(platform, name, command);
        assert.equal(done.exitCode, 0, `${command}:\n${done.output}`);
        return done.output;
      },
    },
    t,
  );
}
