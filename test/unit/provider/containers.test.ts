import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import type Docker from "dockerode";
import { type ContainerEvent, watchContainers } from "../../../provider/docker/containers.ts";

test("Docker's events are read whole, wherever their stream is cut", async () => {
  const stream = new PassThrough();
  const seen: ContainerEvent[] = [];
  const docker = { getEvents: async () => stream } as unknown as Docker;
  using _watching = await watchContainers(
    docker,
    ["shöp-web-1"],
    (event) => seen.push(event),
    (error) => assert.fail(error),
  );
  const event = {
    Action: "die",
    Actor: { ID: "c1", Attributes: { "com.docker.swarm.service.name": "shöp-web-1", exitCode: "137" } },
  };
  for (const byte of Buffer.from(`${JSON.stringify(event)}\n`)) {
    stream.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  assert.deepEqual(seen, [{ action: "die", service: "shöp-web-1", container: "c1", status: 137 }]);
});
