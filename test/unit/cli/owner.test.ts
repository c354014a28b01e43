import assert from "node:assert/strict";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type Docker from "dockerode";
import { refuseOthers, refuseUnknown } from "../../../cli/owner.ts";

/** A Docker whose `shop-control-plane` works in a folder; undefined: there is no such container. */
function docker(folder: string | undefined): Pick<Docker, "getContainer"> {
  const inspect = async (name: string) => {
    if (folder === undefined || name !== "shop-control-plane")
      throw Object.assign(new Error("no such container"), { statusCode: 404 });
    return { Config: { WorkingDir: folder } };
  };
  return { getContainer: (name: string) => ({ inspect: () => inspect(name) }) as unknown as Docker.Container };
}

test("a platform of another project, whose folder is there, is left alone", async () => {
  const here = await mkdtemp(join(tmpdir(), "dynoform-owner-"));
  const there = await mkdtemp(join(tmpdir(), "dynoform-owner-"));
  try {
    const link = join(there, "link");
    await symlink(here, link);
    await refuseOthers(docker(undefined), "shop", here);
    await refuseOthers(docker(here), "shop", here);
    await refuseOthers(docker(link), "shop", here);
    await refuseOthers(docker(join(there, "moved-away")), "shop", here);
    await refuseOthers(docker(there), "other", here);
    await assert.rejects(refuseOthers(docker(there), "shop", here), {
      name: "UserError",
      message: `the platform shop on this machine is that of the project in ${there}. Run the command there, or give this project's a name and ports of its own (dynoform:platform.name and .ports in its stack file).`,
    });
  } finally {
    for (const folder of [here, there]) await rm(folder, { recursive: true, force: true });
  }
});

test("a platform that its stack's state does not know is not brought up a second time", async () => {
  const own = { name: "shop", stack: "base" };
  await refuseUnknown(docker(undefined), own);
  await assert.rejects(refuseUnknown(docker("/srv/shop"), own), {
    name: "UserError",
    message: /brought up from \/srv\/shop, and the state of base does not know it.*`npm run down -- --purge --yes`/,
  });
});
