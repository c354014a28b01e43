import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { untilServing } from "../../../cli/serving.ts";
import { placesOf } from "../../../model/platform/control-plane.ts";

test("an up ends when the router listens, and not before", async () => {
  await using parts = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "serving-"));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  const socket = placesOf(directory).adminSocket;
  await mkdir(dirname(socket));
  let asked = 0;
  const router = createServer((_, answer) => {
    asked++;
    // As a worker does that is not ready yet.
    if (asked === 1) answer.destroy();
    else answer.end("[]");
  });

  const serving = untilServing({ directory });
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise<void>((resolve) => router.listen(socket, resolve));
  parts.defer(() => new Promise<void>((resolve) => void router.close(() => resolve())));
  await serving;
  assert.equal(asked, 2);
});
