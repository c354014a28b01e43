import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import Docker from "dockerode";
import { IMAGES_OWNER } from "../support/images.ts";
import { ownDocker, type Resolver } from "../support/own-docker.ts";

/** What daemon/inside.ts asks for; it lives in the engine's network namespace and cannot reach its processes. */
export type Order = { readonly do: "kill" } | { readonly do: "start"; readonly resolver: Resolver };

test("a platform outlives its router, its Postgres and dockerd, and needs no resolver", async () => {
  await using engine = await ownDocker();
  await engine.load(await keptImages());

  const [command = "", ...args] = [
    ...engine.inside,
    process.execPath,
    join(import.meta.dirname, "daemon", "inside.ts"),
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
  assert.equal(code, 0, "daemon/inside.ts failed; what it printed stands above");
});

/** Base images and what apps of tests install, so that they are not made anew in here. */
async function keptImages(): Promise<string[]> {
  const images = await new Docker().listImages();
  return images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag.startsWith(`${IMAGES_OWNER}/`));
}
