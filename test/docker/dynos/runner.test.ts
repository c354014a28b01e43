import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { dockerSocket } from "../../../infra/platform/host.ts";
import { packageRoot } from "../../../lib/package-root.ts";
import { testBase } from "../../support/router-image.ts";
import { until } from "../../support/until.ts";

const docker = new Docker();
const name = `rn${process.pid.toString(36)}${Math.random().toString(36).slice(2, 6)}`;
const script = join(packageRoot(), "images/runner/runner");
const made: Docker.Container[] = [];
let image: string;
before(async () => {
  image = await testBase(docker);
});
after(() => Promise.all(made.map((container) => container.remove({ force: true }))));

async function started(part: string, Cmd: string[], Binds: string[] = []): Promise<Docker.Container> {
  const HostConfig = { Binds, NetworkMode: "none" };
  const Labels = { "dynoform.platform": name };
  const container = await docker.createContainer({ name: `${name}-${part}`, Image: image, Cmd, Labels, HostConfig });
  made.push(container);
  await container.start();
  return container;
}

test("the runner starts a control plane that was down before it, and none that is stopped later", async () => {
  const controlPlane = await started("control-plane", ["sleep", "infinity"]);
  const runs = async () => (await controlPlane.inspect()).State.Running;
  await controlPlane.stop({ t: 0 });
  const command = ["/runner", dockerSocket(), `${name}-control-plane`];
  const runner = await started("runner", command, [`${script}:/runner:ro`, `${dockerSocket()}:${dockerSocket()}`]);
  await until("it is started", runs);
  await sleep(5000);
  await controlPlane.stop({ t: 0 });
  // Several of its looks.
  await sleep(3000);
  assert.equal(await runs(), false);
  assert.equal((await runner.inspect()).State.Running, true);
});
