import assert from "node:assert/strict";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { TestProject } from "./harness.ts";

/** More than a pipe or a socket holds for a reader that has not begun. */
const LARGE = "x".repeat(2_000_000);

test("a reader that is slower than the command gets all of it", async () => {
  const stack = `config:\n  slow:large: ${LARGE}\n`;
  await using project = await TestProject.create("slow", { "Pulumi.dev.yaml": stack });
  await project.ok("stack", "init", "dev");
  const command = project.start(["config", "get", "large", "--stack", "dev"]);
  assert.ok(command.stdout !== null);
  // Nothing is read until the command must have had time to end if it did not wait.
  await Promise.race([once(command, "exit"), once(command.stdout, "readable")]);
  await new Promise((done) => setTimeout(done, 200));
  assert.equal((await text(command.stdout)).trim().length, LARGE.length);
});
