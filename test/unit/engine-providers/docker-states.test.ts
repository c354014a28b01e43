import assert from "node:assert/strict";
import { test } from "node:test";
import { rawStateDelta } from "../../../engine/providers/bridge/delta.ts";
import { completeOutputs, shapeOutputs } from "../../../engine/providers/bridge/outputs.ts";
import type { BridgedResource } from "../../../engine/providers/bridge/resource.ts";
import { container } from "../../../engine/providers/docker/container/container.ts";
import { createProvider } from "../../../engine/providers/docker/index.ts";
import { network } from "../../../engine/providers/docker/network.ts";
import { service } from "../../../engine/providers/docker/service/service.ts";
import { volume } from "../../../engine/providers/docker/volume.ts";
import { programOf, type RecordedState, recorded } from "../../support/docker-states.ts";
import { drive } from "../../support/provider-driver.ts";

const resources: Record<string, BridgedResource<never>> = {
  "docker:index/network:Network": network,
  "docker:index/volume:Volume": volume,
  "docker:index/container:Container": container,
  "docker:index/service:Service": service,
};
const driver = drive(createProvider());
const cases = Object.entries(recorded).flatMap(([phase, states]) =>
  phase === "image"
    ? []
    : Object.entries(states as Record<string, RecordedState>).map(([name, state]) => ({ phase, name, state })),
);

for (const { phase, name, state } of cases) {
  const resource = resources[state.type];
  assert.ok(resource);

  test(`${name} (${phase}): the program's inputs are checked to the recorded ones`, async () => {
    assert.deepEqual(await driver.check(state.type, name, programOf(state.inputs)), state.inputs);
  });

  test(`${name} (${phase}): the program shows no change of the recorded state`, async () => {
    const { detailedDiff } = await driver.diff({ ...state, name }, programOf(state.inputs));
    assert.deepEqual(detailedDiff, {});
  });

  test(`${name} (${phase}): the recorded outputs are complete and shaped as ours`, () => {
    const at = phase === "created" ? "apply" : "read";
    const { __meta, __pulumi_raw_state_delta: delta, id, ...outputs } = state.outputs;
    assert.deepEqual(Object.keys(resource.properties).sort(), Object.keys(outputs).sort());
    assert.deepEqual(rawStateDelta(resource.properties, outputs, at), delta);
    assert.deepEqual(shapeOutputs(resource.properties, outputs, at === "apply" ? state.inputs : outputs, at), outputs);
    assert.deepEqual(completeOutputs(String(id), resource, outputs, at), state.outputs);
  });
}

test("what the real package has and this provider has not is refused by name", async () => {
  const type = "docker:index/container:Container";
  const base = { name: "c", image: "i" };
  for (const [property, value] of Object.entries({
    gpus: "all",
    attach: true,
    uploads: [{ file: "/x", content: "y" }],
    deviceCgroupRules: ["c 1:1 r"],
  })) {
    await assert.rejects(driver.check(type, "c", { ...base, [property]: value }), new RegExp(`^Error: ${property}: `));
  }
  await assert.rejects(
    driver.check("docker:index/tag:Tag", "t", {}),
    /has no resource docker:index\/tag:Tag; it has docker:index\/network:Network/,
  );
});

test("durations may be spelled in any way", async () => {
  const { "web.1-abc": web } = recorded.refreshed;
  const program = programOf(web.inputs);
  const task = program.taskSpec as { containerSpec: object; restartPolicy: object };
  const spelled = (delay: string, stopGracePeriod: string) => ({
    ...program,
    taskSpec: {
      ...task,
      containerSpec: { ...task.containerSpec, stopGracePeriod },
      restartPolicy: { ...task.restartPolicy, delay },
    },
  });
  const state = { ...web, name: "web" };
  assert.equal((await driver.diff(state, spelled("0.1s", "0m30s"))).changes, false);
  assert.deepEqual(Object.keys((await driver.diff(state, spelled("200ms", "1m"))).detailedDiff ?? {}), [
    "taskSpec.containerSpec.stopGracePeriod",
    "taskSpec.restartPolicy.delay",
  ]);
  await assert.rejects(
    driver.check(web.type, "web", spelled("1 second", "30s")),
    /restartPolicy\.delay: it must be a duration/,
  );
});
