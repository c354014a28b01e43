import assert from "node:assert/strict";
import { test } from "node:test";
import Docker from "dockerode";
import { baseImage } from "../../support/images.ts";
import { ownDocker } from "../../support/own-docker.ts";
import { until } from "../../support/until.ts";
import { dynoLogsGround, NUMBERS, numbers, quiet, range } from "./ground.ts";

test("a dockerd that was killed takes no line along that it had written", async () => {
  await using engine = await ownDocker();
  const image = await baseImage(new Docker());
  await engine.load([image]);
  await using ground = await dynoLogsGround(engine.docker, image);
  const { tailed } = ground;
  await ground.watch();
  await ground.start(NUMBERS, [1, 100_000, 0.01, 1]);
  await until("the first lines", async () => tailed.length > 50);
  await engine.kill();
  await engine.start();
  // Docker ends the containers of its former life.
  const second = await ground.start(NUMBERS, [1, 50, 0.01, 1], { dyno: "web.2" });
  await second.wait();
  await until(
    "the second dyno's lines",
    async () =>
      numbers(
        tailed.map(({ line }) => line),
        "web.2",
      ).length === 50,
  );
  // What Docker itself has of the first.
  const containers = await engine.docker.listContainers({
    all: true,
    filters: JSON.stringify({ label: ["dynoform.dyno=web.1"] }),
  });
  const options = { follow: false, stdout: true, stderr: true } as const;
  const log = (await engine.docker.getContainer(containers[0]?.Id ?? "").logs(options)) as unknown as Buffer;
  const written = log.toString("latin1").split("\n").length - 1;
  await until("all of the first's", async () => numbers(tailed.map(({ line }) => line)).length >= written);
  await quiet(tailed);
  const lines = tailed.map(({ line }) => line);
  assert.deepEqual(numbers(lines), range(1, written));
  assert.deepEqual(numbers(lines, "web.2"), range(1, 50));
});
