import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type OpenRecord, openRecord } from "../../../../provider/build/record.ts";
import { ChangeFailed, type ChangeResult } from "../../../../services/control-plane/apps/apps.ts";
import { type DeployOptions, deployer } from "../../../../services/control-plane/deploys/deploy.ts";
import { DeployFailed } from "../../../../services/control-plane/deploys/deploy-commit.ts";
import { until } from "../../../support/until.ts";

const COMMIT = "1234567890123456789012345678901234567890";
const DIGEST = "0".repeat(64);

const REASON = "the build of shop failed: pip ended with 1\n  No matching distribution found for nothing==1";

interface Deployed {
  readonly lines: string[];
  readonly logged: string[];
  readonly acts: unknown[];
  readonly problems: string[];
  readonly result: Promise<number | undefined>;
}

/** Deploys to an app whose change is what `work` does. */
async function deploy(
  directory: string,
  work: (lines: readonly string[], failed: (reason: string) => Promise<void>) => Promise<Partial<ChangeResult>>,
): Promise<Deployed> {
  const lines: string[] = [];
  const logged: string[] = [];
  const acts: unknown[] = [];
  const problems: string[] = [];
  const apps: DeployOptions["apps"] = {
    async change(name, act, edit, { failed = async () => {} } = {}) {
      const source = (value: unknown) => void acts.push({ name, act, source: value });
      await edit({ source } as never);
      return { activity: 1, changes: {}, steps: [], outputs: {}, warnings: [], ...(await work(lines, failed)) };
    },
  };
  const run = deployer({
    apps,
    directory,
    log: { write: (app, { source, process, text }) => void logged.push(`${app} ${source}[${process}]: ${text}`) },
    report: (problem) => void problems.push(problem),
  });
  const result = run(
    { name: "shop", id: "shop", repository: "" },
    COMMIT,
    "me@example.com",
    (line) => void lines.push(line),
  );
  await result.catch(() => {});
  return { lines, logged, acts, problems, result };
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "deploy-"));
  await work(folder).finally(() => rm(folder, { recursive: true }));
}

const open = (directory: string, part: string, app = "shop"): Promise<OpenRecord> =>
  openRecord(join(directory, part), app, DIGEST);

test("what the app's builds and release commands write is shown as it comes, and then where it serves", () =>
  withFolder(async (directory) => {
    await (await open(directory, "builds")).close({ result: "failed", error: "long ago" });
    const deployed = await deploy(directory, async (lines) => {
      const [own, other] = [await open(directory, "builds"), await open(directory, "builds", "blog")];
      other.log("not ours");
      own.log("-----> Building shop\n       \x1b[31mCollecting flask");
      await until("the build is shown", async () => lines.length === 2);
      await own.close({ result: "succeeded" });
      const task = await open(directory, "release-tasks");
      task.log("-----> Running the release command: python migrate.py");
      await task.close({ result: "succeeded" });
      return {
        steps: [{ op: "update", type: "dyno:index:Release", name: "shop-release" }],
        outputs: { release: 5, url: "http://shop.localhost:8080/" },
      };
    });
    assert.equal(await deployed.result, 5);
    assert.deepEqual(deployed.lines, [
      "-----> Building shop",
      "       Collecting flask",
      "-----> Launching...",
      "-----> Running the release command: python migrate.py",
      "       Released v5",
      "       http://shop.localhost:8080/ deployed to Dynoform",
      "",
      "Verifying deploy... done.",
    ]);
    assert.deepEqual(deployed.acts, [
      {
        name: "shop",
        act: { user: "me@example.com", description: "Deploy 1234567" },
        source: { commit: COMMIT },
      },
    ]);
    assert.deepEqual(deployed.logged, [
      "shop app[api]: Build started by user me@example.com",
      "shop app[api]: Deploy 1234567 by user me@example.com",
      "shop app[api]: Release v5 created by user me@example.com",
      "shop app[api]: Build succeeded",
    ]);
  }));

test("what runs already is no release", () =>
  withFolder(async (directory) => {
    const { lines } = await deploy(directory, async () => ({ outputs: { release: 5 } }));
    assert.ok(lines.includes("       Nothing has changed: v5 runs this already"), lines.join("\n"));
  }));

test("a failure is told by its reason, whoever found it", () =>
  withFolder(async (directory) => {
    const failed = await deploy(directory, async () => {
      await (await open(directory, "builds")).close({ result: "failed", error: "pip ended with 1" });
      throw new ChangeFailed(REASON, "");
    });
    await assert.rejects(failed.result, new DeployFailed("build failed"));
    assert.deepEqual(failed.lines, ["", " !     the build of shop failed: pip ended with 1"]);
    assert.deepEqual(failed.logged.slice(-2), [
      "shop app[api]: Deploy 1234567 by user me@example.com failed: the build of shop failed: pip ended with 1",
      "shop app[api]:   No matching distribution found for nothing==1",
    ]);

    const early = await deploy(directory, async (lines, failed) => {
      await failed(REASON);
      assert.deepEqual(lines, [
        "",
        " !     the build of shop failed: pip ended with 1",
        " !       No matching distribution found for nothing==1",
        "       Putting shop back as it was...",
      ]);
      throw new ChangeFailed(REASON, "");
    });
    await assert.rejects(early.result, new DeployFailed("deploy failed"));
    assert.equal(early.lines.length, 4, "it is told once, and before the app is put back");

    const stuck = await deploy(directory, async (_lines, failed) => {
      await failed(REASON);
      throw new ChangeFailed(
        `${REASON}\nThe file was put back, but shop could not be brought up as it was: no disk`,
        "",
      );
    });
    assert.equal(
      stuck.lines.at(-1),
      " !     The file was put back, but shop could not be brought up as it was: no disk",
    );

    const booting = await deploy(directory, async () => {
      throw new ChangeFailed(REASON, "");
    });
    await assert.rejects(booting.result, new DeployFailed("deploy failed"));
    assert.equal(booting.lines.at(-1), " !       No matching distribution found for nothing==1");

    const busy = await deploy(directory, async () => {
      throw new ChangeFailed("shop is locked by somebody", "");
    });
    await assert.rejects(busy.result, new DeployFailed("deploy failed"));
    assert.deepEqual(busy.lines, ["", " !     shop is locked by somebody"]);

    const broken = await deploy(directory, async () => {
      throw new TypeError("undefined is no function");
    });
    await assert.rejects(broken.result, DeployFailed);
    assert.ok(!broken.lines.join().includes("function"));
    assert.match(broken.problems.join(), /undefined is no function/);
  }));

test("what a deploy warns of is shown, and stands in the app's log", () =>
  withFolder(async (directory) => {
    const { lines, logged } = await deploy(directory, async () => ({
      warnings: ["web.1 of shop answers 500 to GET /. Its last lines:\n    KeyError"],
      outputs: { release: 5 },
    }));
    assert.deepEqual(lines.slice(-4), [
      " !     Warning: web.1 of shop answers 500 to GET /. Its last lines:",
      " !         KeyError",
      "",
      "Verifying deploy... done.",
    ]);
    assert.deepEqual(logged.slice(-3), [
      "shop app[api]: Warning: web.1 of shop answers 500 to GET /. Its last lines:",
      "shop app[api]:     KeyError",
      "shop app[api]: Build succeeded",
    ]);
  }));
