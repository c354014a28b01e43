/** States in Postgres, written by either engine and opened by the other. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { parseCheckpoint } from "../../engine/src/state/checkpoint.ts";
import { lockStack } from "../../engine/src/state/lock.ts";
import { openBackend } from "../../engine/src/state/open-backend.ts";
import { packageRoot } from "../../lib/package-root.ts";
import { PostgresServer } from "../docker/postgres/server.ts";
import { finished, TestProject } from "../engine/cli/harness.ts";
import { realCli } from "./real-cli.ts";

const PROGRAM = `
import { ComponentResource, Config, secret } from "@pulumi/pulumi";
const size = new Config().getNumber("size") ?? 3;
for (let index = 0; index < size; index++) new ComponentResource("test:index:Group", "group-" + index);
export const hidden = secret("hush");
export { size };
`;

type Engine = "real" | "embedded";

test("states in Postgres are the real CLI's, and each engine goes on where the other was", async (t) => {
  const binary = await realCli((line) => t.diagnostic(line));
  await using server = await PostgresServer.start();
  await using project = await TestProject.create("shared", { "index.ts": PROGRAM });
  const secret = server.passwords.superuser;
  const url = `postgres://postgres:${secret}@127.0.0.1:${server.port}/postgres?sslmode=disable&table=my_states`;
  project.environment.PULUMI_BACKEND_URL = url;

  const onReal = (args: readonly string[]) =>
    finished(
      spawn(process.execPath, [join(packageRoot(), "test", "real", "pulumi.ts"), binary, ...args], {
        cwd: project.path(),
        env: { ...process.env, ...project.environment },
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
  const run = async (engine: Engine, ...args: string[]) => {
    const { code, stdout, stderr } = await (engine === "real" ? onReal(args) : project.run(args));
    return { code, text: stdout + stderr };
  };
  const ok = async (engine: Engine, ...args: string[]) => {
    const { code, text } = await run(engine, ...args);
    assert.equal(code, 0, `${engine}: ${text}`);
    return text;
  };
  const up = (engine: Engine) => ok(engine, "up", "--yes", "--skip-preview", "--stack", "dev");
  const unchanged = (engine: Engine) => ok(engine, "preview", "--expect-no-changes", "--stack", "dev");
  const backend = openBackend(url, "/");
  const name = { project: "shared", stack: "dev" };

  for (const [first, second] of [
    ["embedded", "real"],
    ["real", "embedded"],
  ] as const) {
    await t.test(`${first} makes, ${second} changes nothing, changes, and ${first} sees it`, async () => {
      await ok(first, "stack", "init", "dev");
      await ok(first, "config", "set", "size", "3", "--stack", "dev");
      await up(first);
      await unchanged(second);
      assert.match(await ok(second, "stack", "ls"), /dev/);
      assert.match(await ok(second, "stack", "output", "hidden", "--show-secrets", "--stack", "dev"), /hush/);
      await ok(second, "config", "set", "size", "5", "--stack", "dev");
      await up(second);
      await unchanged(first);
      for (const engine of [first, second]) {
        assert.equal(
          [...(await ok(engine, "stack", "history", "--stack", "dev")).matchAll(/UpdateKind: update/g)].length,
          2,
        );
      }
      const { deployment } = parseCheckpoint((await backend.read(name)) ?? "");
      assert.equal(deployment?.resources?.filter(({ type }) => type === "test:index:Group").length, 5);
    });
    await t.test(`${second} is refused with a holder's name, until it is cancelled`, async () => {
      const lock = await lockStack(backend, name, () => {});
      const { code, text } = await run(second, "up", "--yes", "--skip-preview", "--stack", "dev");
      assert.notEqual(code, 0);
      assert.match(text, new RegExp(`currently locked by 1 lock.*\\n.*created by \\S+@\\S+ \\(pid ${process.pid}\\)`));
      await ok(second, "cancel", "--yes", "dev");
      await lock.release().catch(() => {});
      await up(second);
    });
    await t.test(`${second} removes, and ${first} finds nothing`, async () => {
      await ok(second, "destroy", "--yes", "--skip-preview", "--stack", "dev");
      await ok(second, "stack", "rm", "--yes", "dev");
      assert.deepEqual(await backend.list(), []);
      assert.doesNotMatch(await ok(first, "stack", "ls"), /dev/);
      await server.query("postgres", "DELETE FROM my_states WHERE key LIKE '%/backups/%'");
    });
  }

  await t.test("both give records the same keys", async () => {
    const keysOf = async (engine: Engine) => {
      await server.query("postgres", "DELETE FROM my_states");
      await ok(engine, "stack", "init", "dev");
      await up(engine);
      const { rows } = await server.query("postgres", "SELECT key FROM my_states");
      const keys = new Set(rows.map(({ key }) => String(key).replace(/\d{19}/, "TIME")));
      await ok(engine, "stack", "rm", "--yes", "--force", "dev");
      return [...keys].sort();
    };
    assert.deepEqual(await keysOf("embedded"), await keysOf("real"));
  });
});
