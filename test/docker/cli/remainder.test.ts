import assert from "node:assert/strict";
import { test } from "node:test";
import { findRemainder, PLATFORM_LABEL, remove } from "../../../cli/remainder.ts";
import { testGround } from "../../support/ground.ts";
import { baseImage } from "../../support/images.ts";

test("what carries a platform's label is found and removed, in use or not", async () => {
  await using ground = await testGround();
  const { docker, name } = ground;
  const labels = { [PLATFORM_LABEL]: name };
  const image = await baseImage(docker);
  const TaskTemplate = {
    ContainerSpec: { Image: image, Command: ["sleep", "600"], Labels: labels },
    // It starts, ends and starts again.
    RestartPolicy: { Condition: "any", Delay: 100_000_000 },
  };
  await docker.createNetwork({ Name: name, Driver: "overlay", Attachable: true, Labels: labels });
  await docker.createVolume({ Name: name, Labels: labels });
  await docker.createService({
    Name: `${name}-crashing`,
    Labels: labels,
    EndpointSpec: { Mode: "dnsrr" },
    Networks: [{ Target: name }],
    TaskTemplate: { ...TaskTemplate, ContainerSpec: { ...TaskTemplate.ContainerSpec, Command: ["false"] } },
  });
  const container = await docker.createContainer({
    name: `${name}-container`,
    Image: image,
    Cmd: ["sleep", "600"],
    Labels: labels,
    HostConfig: { NetworkMode: name, Mounts: [{ Type: "volume", Source: name, Target: "/data" }] },
  });
  await container.start();
  await docker.getImage(image).tag({ repo: `${name}/base`, tag: "test" });

  const found = await findRemainder(docker, name);
  assert.deepEqual(
    { ...found, containers: found.containers.filter((one) => !one.startsWith(`${name}-crashing.`)) },
    {
      services: [`${name}-crashing`],
      containers: [`${name}-container`],
      networks: [name],
      volumes: [name],
      images: [`${name}/base:test`],
    },
  );

  await remove(docker, found);
  const nothing = { services: [], containers: [], networks: [], volumes: [], images: [] };
  assert.deepEqual(await findRemainder(docker, name), nothing);
  assert.ok(await docker.getImage(image).inspect(), "another's tag of the same image stays");
  await remove(docker, found);
});
