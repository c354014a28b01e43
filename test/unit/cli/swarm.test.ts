import assert from "node:assert/strict";
import { test } from "node:test";
import { ensureSwarm } from "../../../cli/setup/swarm.ts";

/** An engine whose swarm is in a given state, and what was said and asked of it. */
function engine(swarm: Record<string, unknown>) {
  const said: string[] = [];
  const made: unknown[] = [];
  return {
    said,
    made,
    say: (line: string) => void said.push(line),
    docker: {
      info: async () => ({ Swarm: { ControlAvailable: false, Error: "", ...swarm } }),
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
