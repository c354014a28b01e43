import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { imagesFor, runInside } from "../support/inside-docker.ts";
import { ownDocker } from "../support/own-docker.ts";

/** All of them install the same. */
const SIMPLE_APPS = /^(sick|killed|mallory|quiet|steady)$/;

test("a platform outlives its router, its Postgres and dockerd, and needs no resolver", async () => {
  await using engine = await ownDocker();
  await engine.load(await imagesFor(SIMPLE_APPS));
  const code = await runInside(engine, join(import.meta.dirname, "outages", "inside.ts"));
  assert.equal(code, 0, "outages/inside.ts failed; what it printed stands above");
});
