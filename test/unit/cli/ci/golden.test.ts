import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { changeSince } from "../../../../cli/commands/ci/git.ts";
import { annotations } from "../../../../cli/commands/ci/github/annotations.ts";
import { markdownOf } from "../../../../cli/commands/ci/markdown.ts";
import { type Previewer, previewChange } from "../../../../cli/commands/ci/preview.ts";
import { exitCodeOf, headline, jsonOf, verdictOf } from "../../../../cli/commands/ci/report.ts";
import { UserError } from "../../../../lib/errors.ts";
import { findProject } from "../../../../model/stack/project.ts";
import { outcomeOf } from "../../../../services/stacks/engine.ts";
import { previewLog, urn } from "./planned.ts";
import { repository, stackFiles } from "./repository.ts";

const APPS = Array.from({ length: 31 }, (_, index) => `app-${String(index + 1).padStart(2, "0")}`);
const SERVICE = "docker:index/service:Service";
const DATABASE = "postgresql:index/database:Database";
const BUILD = "dyno:index:Build";

const custom = (inputs: object) => ({ custom: true, inputs, outputs: inputs });
const step = (op: string, stack: string, type: string, name: string, more: object) => ({
  op,
  type,
  urn: urn(stack, type, name),
  ...more,
});

/** What the engine logged of two stacks. */
const LOGS: Readonly<Record<string, string>> = {
  "app-03": previewLog([
    step("create", "app-03", BUILD, "app-03-build-9a1b", { new: custom({}) }),
    step("create", "app-03", SERVICE, "app-03.web.1-77aa", { new: custom({}) }),
    step("update", "app-03", "dyno:index:Route", "app-03-route", {
      old: custom({ hosts: ["app-03.localhost"] }),
      new: custom({ hosts: ["app-03.localhost", "www.example.com"] }),
      diffs: ["hosts"],
      detailedDiff: { "hosts[1]": { kind: "add", inputDiff: true } },
    }),
    step("delete", "app-03", SERVICE, "app-03.web.1-00ff", { old: custom({}) }),
  ]),
  "app-17": previewLog([
    step("create-replacement", "app-17", DATABASE, "app-17.DATABASE", {
      old: custom({ lcCollate: "C" }),
      new: custom({ lcCollate: "en_US.UTF-8" }),
      keys: ["lcCollate"],
      detailedDiff: { lcCollate: { kind: "update-replace", inputDiff: true } },
    }),
    step("delete", "app-17", DATABASE, "app-17.ORDERS|`old`", { old: custom({}) }),
    step("replace", "app-17", "postgresql:index/grant:Grant", "app-17.DATABASE-public", { old: custom({}), keys: [] }),
  ]),
};

const previewer: Previewer = {
  async preview({ stack }) {
    const { planned = [], changes } = outcomeOf(LOGS[stack] ?? previewLog([]));
    return { planned, same: changes.same ?? 0, new: false };
  },
};

async function report(
  files: Readonly<Record<string, string | null>>,
  options: { deny?: string[]; asked?: string[]; by?: Previewer } = {},
) {
  await using there = await repository(stackFiles(...APPS));
  const base = await there.git("rev-parse", "HEAD");
  await there.commit(files);
  const project = await findProject(there.directory);
  const change = { ...(await changeSince(there.directory, base)), base: "0".repeat(40), head: "1".repeat(40) };
  const real = await changeSince(there.directory, base);
  const { asked = [], deny = [], by = previewer } = options;
  const made = await previewChange({ project, change: real, previewer: by, asked, deny, say: () => {} });
  return { ...made, base: change.base, head: change.head };
}

const touch = (...apps: string[]) =>
  Object.fromEntries(
    apps.map((app) => [`stacks/Pulumi.${app}.yaml`, `${stackFiles(app)[`stacks/Pulumi.${app}.yaml`]}# changed\n`]),
  );

/** Compares with a file of `test/fixtures/ci`; UPDATE_GOLDEN=1 writes it. */
async function golden(name: string, text: string): Promise<void> {
  const file = new URL(`../../../fixtures/ci/${name}`, import.meta.url);
  if (process.env.UPDATE_GOLDEN === "1") await writeFile(file, text);
  assert.equal(text, await readFile(file, "utf8"));
}

test("2 changed of 32 stacks: what is lost first, a table each, the rest folded", async () => {
  const made = await report(touch("app-03", "app-17"), { deny: ["delete:addon"] });
  assert.deepEqual([made.stacks.length, made.untouched], [2, 30]);
  await golden("two-of-32.md", markdownOf(made, 65_536));
  await golden("two-of-32.json", jsonOf(made));
  assert.equal(exitCodeOf(verdictOf(made)), 1);
  assert.equal(headline(made), "refused: 1 of the changes are denied");
  assert.deepEqual(annotations(made), [
    "::error file=stacks/Pulumi.app-17.yaml,line=4,title=delete%3Aaddon is denied::This would delete app-17.ORDERS|`old`.",
    "::warning file=stacks/Pulumi.app-17.yaml,line=4,title=data would be lost::This would replace the database app-17.DATABASE and lose what is stored in it.",
  ]);
});

test("0: nothing to do, 2: changes, 1: a preview failed, of which the others are shown", async () => {
  const quiet = await report(touch("app-01", "app-02"));
  assert.equal(exitCodeOf(verdictOf(quiet)), 0);
  await golden("nothing.md", markdownOf(quiet, 65_536));
  const changes = await report(touch("app-03", "app-17"));
  assert.equal(exitCodeOf(verdictOf(changes)), 2);
  assert.equal(headline(changes), "2 of 32 stacks would change");
  const by: Previewer = {
    ...previewer,
    async preview(file) {
      if (file.stack !== "app-02") return previewer.preview(file);
      throw new UserError('Pulumi.app-02.yaml: dynoform:app.source.path: "```" is\nnot there');
    },
  };
  const failed = await report(touch("app-02", "app-03"), { by });
  assert.equal(exitCodeOf(verdictOf(failed)), 1);
  await golden("failed.md", markdownOf(failed, 65_536));
  assert.deepEqual(annotations(failed), [
    '::error file=stacks/Pulumi.app-02.yaml,line=2,title=the preview failed::Pulumi.app-02.yaml: dynoform:app.source.path: "```" is%0Anot there',
  ]);
});

test("a file that is gone destroys nothing; a program of the change's own runs only where it may", async () => {
  const gone = await report({ "stacks/Pulumi.app-05.yaml": null });
  assert.equal(exitCodeOf(verdictOf(gone)), 2);
  assert.match(markdownOf(gone, 65_536), /^### `app-05`: its file is gone\n\nThe stack stays as it is\./m);
  const other = await report({ "infra/index.ts": "" }, { asked: ["app-03"], by: { ...previewer, runsProgram: false } });
  assert.deepEqual([other.stacks[0]?.status, other.untouched], ["elsewhere", 31]);
  assert.match(markdownOf(other, 65_536), /^### `app-03`: not previewed$/m);
});
