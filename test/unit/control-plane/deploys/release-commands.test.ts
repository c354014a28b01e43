import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openRecord } from "../../../../provider/build/record.ts";
import {
  findReleaseCommand,
  releaseCommandOutput,
} from "../../../../services/control-plane/deploys/release-commands.ts";

test("the release command of a release is the last that succeeded before it, after the release before", async () => {
  const folder = await mkdtemp(join(tmpdir(), "release-commands-"));
  try {
    const ran = async (app: string, line: string, result: "succeeded" | "failed") => {
      const record = await openRecord(folder, app, "0".repeat(64));
      record.log(line);
      await record.close({ result });
      // Their ids have milliseconds.
      await new Promise((resolve) => setTimeout(resolve, 5));
      return Date.now();
    };
    const first = await ran("shop", "first", "succeeded");
    await ran("shop", "tried", "failed");
    await ran("shop", "second", "succeeded");
    const second = await ran("blog", "another's", "succeeded");
    const third = await ran("shop", "in vain", "failed");
    const output = async (after: number, before: number) => {
      const id = await findReleaseCommand(folder, "shop", after, before);
      return id && releaseCommandOutput(folder, id);
    };
    assert.equal(await output(0, first), "first\n");
    assert.equal(await output(first, second), "second\n");
    assert.equal(await output(second, third), undefined);
    assert.equal(await findReleaseCommand(join(folder, "none"), "shop", 0, third), undefined);
  } finally {
    await rm(folder, { recursive: true });
  }
});
