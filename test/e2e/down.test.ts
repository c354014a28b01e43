import assert from "node:assert/strict";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findRemainder } from "../../cli/remainder.ts";
import { packageRoot } from "../../lib/package-root.ts";
import { baseImage } from "../support/images.ts";
import { type TestPlatform, testPlatform } from "../support/platform.ts";
import { finish } from "../support/process.ts";
import { simpleApp } from "../support/simple-app.ts";
import { until } from "../support/until.ts";

test("down finishes, or says what to do, whatever state the platform is in", async (t) => {
  await using platform = await testPlatform();
  const { docker, name } = platform;
  await simpleApp(platform, "shop");
  await platform.app("shop", {
    source: { path: "apps/shop" },
    addons: { DATABASE: { service: "postgresql", plan: "mini" } },
  });
  await platform.up();

  await t.test("another project's platform of the same name stays, with --purge too", async () => {
    const clone = await mkdtemp(join(tmpdir(), "dynoform-clone-"));
    try {
      await cp(join(platform.directory, "Pulumi.yaml"), join(clone, "Pulumi.yaml"));
      await cp(join(platform.directory, "stacks"), join(clone, "stacks"), { recursive: true });
      for (const args of [["down", "--yes"], ["down", "--yes", "--purge"], ["up"]]) {
        const refused = await finish([process.execPath, join(packageRoot(), "cli", "main.ts"), ...args], clone);
        assert.equal(refused.exitCode, 1, refused.output);
        assert.match(
          refused.output,
          new RegExp(`error: the platform ${name} .* of the project in ${platform.directory}`),
        );
      }
      assert.equal((await platform.fetch("shop")).status, 200);
    } finally {
      await rm(clone, { recursive: true, force: true });
    }
  });

  await t.test("with an app that crashes over and over, a one-off dyno, and Postgres stopped", async () => {
    await crash(platform);
    await oneOff(platform);
    await docker.getContainer(`${name}-postgres`).stop();
    const down = await platform.dynoform("down", "--yes");
    assert.equal(down.exitCode, 0, down.output);
    const left = await findRemainder(docker, name);
    const volumes = [`${name}-backups`, `${name}-postgres`];
    assert.deepEqual(
      { ...left, volumes: left.volumes.toSorted(), images: [] },
      { services: [], containers: [], networks: [], volumes, images: [] },
    );
  });

  await t.test("with Postgres gone", async () => {
    await platform.up();
    await docker.getContainer(`${name}-postgres`).remove({ force: true });
    const down = await platform.dynoform("down", "--yes");
    assert.equal(down.exitCode, 1);
    assert.match(down.output, /error: stack shop could not be destroyed; .* repeat the command, or remove everything/);

    const purged = await platform.dynoform("down", "--yes", "--purge");
    assert.equal(purged.exitCode, 0, purged.output);
    const nothing = { services: [], containers: [], networks: [], volumes: [], images: [] };
    assert.deepEqual(await findRemainder(docker, name), nothing);
  });

  await t.test("and up works again", async () => {
    const up = await platform.dynoform("up");
    assert.equal(up.exitCode, 0, up.output);
    assert.equal((await platform.fetch("shop")).status, 200);
  });
});

/** A dyno that no stack declares, on the platform's network. */
async function oneOff({ docker, name }: TestPlatform): Promise<void> {
  const container = await docker.createContainer({
    Image: await baseImage(docker),
    Cmd: ["sleep", "600"],
    Labels: { "dynoform.platform": name, "dynoform.app": "shop", "dynoform.dyno": "run.1" },
    HostConfig: { NetworkMode: name },
  });
  await container.start();
}

/** Lets web.1 end as often as Swarm starts it. */
async function crash({ docker, name }: TestPlatform): Promise<void> {
  const filters = { label: [`dynoform.platform=${name}`, "dynoform.dyno=web.1"] };
  const [service] = await docker.listServices({ filters });
  assert.ok(service?.Spec?.TaskTemplate && "ContainerSpec" in service.Spec.TaskTemplate);
  const template = service.Spec.TaskTemplate;
  const TaskTemplate = { ...template, ContainerSpec: { ...template.ContainerSpec, Command: ["false"], Args: [] } };
  await docker.getService(service.ID).update({ ...service.Spec, TaskTemplate, version: service.Version?.Index ?? 0 });
  // The control plane, which may take the end of its last good container for a crash, parks it after the second.
  await until("the dyno has crashed twice, or is parked for it", async () => {
    const tasks = await docker.listTasks({ filters: { service: [service.ID] } });
    const failed = tasks.filter((task: { Status?: { State?: string } }) => task.Status?.State === "failed").length;
    const { Mode } = (await docker.getService(service.ID).inspect()).Spec;
    return failed >= 2 || (failed === 1 && Mode.Replicated.Replicas === 0);
  });
}
