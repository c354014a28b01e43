import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { test } from "node:test";
import Docker from "dockerode";
import { packageRoot } from "../../../lib/package-root.ts";
import { routerImage } from "../../support/router-image.ts";

const folder = "services/router/lua";

test("the tests that stand beside the router's Lua modules", async (context) => {
  const docker = new Docker();
  const image = await routerImage(docker);
  const files = readdirSync(join(packageRoot(), folder, "router"))
    .filter((file) => file.endsWith("_test.lua"))
    .map((file) => file.replace(/\.lua$/, ""));
  let output = "";
  const sink = new Writable({
    write(chunk, _encoding, done) {
      output += chunk;
      done();
    },
  });
  const [{ StatusCode }] = await docker.run(image, ["/usr/share/dynoform/router/test.lua", ...files], sink, {
    Entrypoint: ["luajit"],
    Tty: true,
    HostConfig: { AutoRemove: true, NetworkMode: "none" },
  });
  const lines = output.split(/\r?\n/).filter((line) => line !== "");
  for (const line of lines.filter((line) => line.startsWith("ok"))) context.diagnostic(line.slice(5));
  const broken = lines.filter((line) => !line.startsWith("ok"));
  assert.equal(StatusCode, 0, broken.join("\n"));
  assert.ok(lines.length >= files.length, output);
});
