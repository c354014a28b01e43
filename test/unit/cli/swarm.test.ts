import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isLiveRestoreSet } from "../../../cli/setup/live-restore.ts";
import { ensureSwarm } from "../../../cli/setup/swarm.ts";

/** An engine whose swarm is in a given state, and what was said and asked of it. */
function engine(swarm: Record<string, unknown>, more: Record<string, unknown> = {}) {
  const said: string[] = [];
  const made: unknown[] = [];
  return {
    said,
    made,
    say: (line: string) => void said.push(line),
    docker: {
      info: async () => ({ Swarm: { ControlAvailable: false, Error: "", ...swarm }, ...more }),
      swarmInit: async (options: unknown) => void made.push(options),
    },
  };
}

test("an engine in no swarm becomes one that only this machine can join", async () => {
  const { docker, say, made } = engine({ LocalNodeState: "inactive" });
  await ensureSwarm(docker, say);
  assert.deepEqual(made, [{ AdvertiseAddr: "127.0.0.1", ListenAddr: "127.0.0.1:2377" }]);
});

test("another address opens it to other machines", async () => {
  const { docker, say, made } = engine({ LocalNodeState: "inactive" });
  await ensureSwarm(docker, say, "10.0.0.5");
  assert.deepEqual(made, [{ AdvertiseAddr: "10.0.0.5", ListenAddr: "0.0.0.0:2377" }]);
});

test("a manager is used as it is; other nodes are worth a line", async () => {
  const { docker, say, said, made } = engine({ LocalNodeState: "active", ControlAvailable: true, Nodes: 3 });
  await ensureSwarm(docker, say, "10.0.0.5");
  assert.deepEqual(made, []);
  assert.deepEqual(said, ["this swarm has 3 nodes; dynos run on this one, because images stay where they are built"]);
});

for (const [state, message] of [
  [{ LocalNodeState: "active" }, /is a worker of a swarm\. Run this on one of its managers/],
  [{ LocalNodeState: "locked" }, /swarm is locked\. Run `docker swarm unlock`/],
  [{ LocalNodeState: "error", Error: "no disk" }, /in state "error" \(no disk\)\. Mend it, or leave it/],
] as const) {
  test(`a swarm in the state ${state.LocalNodeState} is told in one line`, async () => {
    const { docker, say, made } = engine(state);
    await assert.rejects(ensureSwarm(docker, say), message);
    assert.deepEqual(made, []);
  });
}

test("live-restore, with which an engine is in no swarm after its next start, is told in one line", async () => {
  for (const state of [{ LocalNodeState: "inactive" }, { LocalNodeState: "active", ControlAvailable: true }]) {
    const { docker, say, made } = engine(state, { LiveRestoreEnabled: true });
    await assert.rejects(
      ensureSwarm(docker, say),
      /exclude each other.*Remove "live-restore" from \/etc\/docker\/daemon\.json .*restart Docker/,
    );
    assert.deepEqual(made, []);
  }
});

test("the daemon's settings say whether it is on", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "dynoform-daemon-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "daemon.json");
  assert.equal(await isLiveRestoreSet(file), false);
  for (const [text, expected] of [
    ['{ "live-restore": true }', true],
    ['{ "live-restore": false }', false],
    ["{}", false],
    ["no JSON", false],
  ] as const) {
    await writeFile(file, text);
    assert.equal(await isLiveRestoreSet(file), expected, text);
  }
});
