import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { parse } from "yaml";
import { packageRoot } from "../../../lib/package-root.ts";

const git = (...args: string[]) => execFileSync("git", args, { cwd: packageRoot(), encoding: "utf8" });

/** As committed: `npm run up` writes its owner's salt and key into the files of the work tree. */
test("the tracked stack files hold no salt, no key and no secure value", () => {
  const tracked = git("ls-tree", "--name-only", "HEAD", "stacks/").trim().split("\n");
  const files = tracked.filter((file) => file !== "stacks/README.md");
  assert.deepEqual(files, ["stacks/Pulumi.hello.yaml", "stacks/Pulumi.platform.yaml"]);
  for (const file of files) {
    const text = git("show", `HEAD:${file}`);
    const { encryptionsalt, config } = parse(text);
    assert.equal(encryptionsalt, undefined, file);
    assert.equal(config["dynoform:key"], undefined, file);
    assert.doesNotMatch(text, /secure:/, file);
  }
});
