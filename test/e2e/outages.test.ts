import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import Docker from "dockerode";
import { baseImage, IMAGES_OWNER } from "../support/images.ts";
import { ownDocker, type Resolver } from "../support/own-docker.ts";

/** What outages/inside.ts asks for; it lives in the engine's network namespace and cannot reach its processes. */
export type Order = { readonly do: "kill" } | { readonly do: "start"; readonly resolver: Resolver };

/** All of them install the same. */
const SIMPLE_APPS = /\/deps-(sick|killed|mallory|quiet|steady):/;

test("a platform outlives its router, its Postgres and dockerd, and needs no resolver", async () => {
  await using engine = await ownDocker();
  await engine.load(await neededImages());

  const [command = "", ...args] = [
    ...engine.inside,
    process.execPath,
    join(import.meta.dirname, "outages", "inside.ts"),
  ];
  const inside = spawn(command, args, {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...process.env, DOCKER_HOST: engine.host },
  });
  inside.on("message", async (order: Order) => {
    const answer = await (order.do === "kill" ? engine.kill() : engine.start(order.resolver)).then(
      () => "done",
      (error: Error) => error.message,
    );
    inside.send(answer);
  });
  const [code] = await once(inside, "exit");
  assert.equal(code, 0, "outages/inside.ts failed; what it printed stands above");
});

/** The base image and what the tests' simple apps install, so that they are not made anew in there. */
async function neededImages(): Promise<string[]> {
  const docker = new Docker();
  const images = await docker.listImages({ filters: JSON.stringify({ reference: [`${IMAGES_OWNER}/deps-*`] }) });
  const packages = images.flatMap(({ RepoTags }) => RepoTags ?? []);
  return [await baseImage(docker), ...packages.filter((tag) => SIMPLE_APPS.test(tag))];
}
