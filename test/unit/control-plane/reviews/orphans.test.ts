import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Model } from "./model.ts";

const DAY_MS = 86_400_000;
const SETTINGS = { ttl: "3 days", ignore: { drafts: true } };

type Command = (model: Model) => void | Promise<void>;

const toggles = (name: "linked" | "declared" | "parent" | "up") =>
  of(`${name}, or not`, (model) => {
    model[name] = !model[name];
  });

const commands: fc.Arbitrary<{ readonly run: Command }> = fc.oneof(
  { weight: 9, arbitrary: of("open", (model, pull) => model.pulls.get(pull)?.open || model.open(pull)) },
  { weight: 4, arbitrary: of("push", (model, pull) => model.push(pull)) },
  { weight: 4, arbitrary: of("close", (model, pull) => model.change(pull, { open: false })) },
  { weight: 3, arbitrary: of("reopen", (model, pull) => model.change(pull, { open: true })) },
  // What it is to be merged into counts for nothing: the forge tells of it, and there is a look.
  { weight: 1, arbitrary: of("base changed", (model, pull) => model.change(pull, {})) },
  { weight: 2, arbitrary: of("branch gone", (model, pull) => model.change(pull, { commit: "" })) },
  { weight: 2, arbitrary: of("draft", (model, pull) => model.change(pull, { draft: true })) },
  { weight: 1, arbitrary: toggles("linked") },
  { weight: 1, arbitrary: toggles("declared") },
  { weight: 1, arbitrary: toggles("parent") },
  { weight: 1, arbitrary: toggles("up") },
  { weight: 1, arbitrary: of("on or off", (model) => model.set(model.settings ? undefined : SETTINGS)) },
  { weight: 1, arbitrary: of("unclear", (model) => model.set("unclear")) },
  { weight: 1, arbitrary: of("four days later", (model) => model.wait(4 * DAY_MS)) },
  { weight: 3, arbitrary: of("kill", (model, pull) => model.kill(pull % 2 === 0)) },
  { weight: 3, arbitrary: of("fail", (model, pull) => model.step(pull, "failed")) },
  { weight: 16, arbitrary: of("step", (model, pull) => model.step(pull)) },
  { weight: 8, arbitrary: of("look", (model) => (model.woken ? model.look() : undefined)) },
  { weight: 3, arbitrary: of("sweep", (model) => model.sweep()) },
);

function of(name: string, run: (model: Model, pull: number) => unknown): fc.Arbitrary<{ readonly run: Command }> {
  return fc.integer({ min: 1, max: 3 }).map((pull) => ({
    run: async (model: Model) => void (await run(model, pull)),
    [fc.toStringMethod]: () => `${name} ${pull}`,
  }));
}

/** The apps that are to be there, each with its commit, by nothing but what is open and what is declared. */
function expected({ declared, linked, parent, settings, pulls }: Model): string[] {
  if (!declared || !linked || !parent || settings === undefined || settings === "unclear") return [];
  const wanted = [...pulls.values()].filter(({ open, commit, draft }) => open && commit !== "" && !draft);
  return wanted.map(({ number, commit }) => `shop-pr-${number} ${commit}`).sort();
}

test("whatever happens in whichever order, there is an app for each pull request that is to have one, and no other", async () => {
  let made = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(commands, { minLength: 5, maxLength: 80 }), async (all) => {
      const model = new Model(SETTINGS);
      try {
        for (const { run } of all) await run(model);
        // Nothing is done by what cannot be read.
        if (model.settings === "unclear") model.set(SETTINGS);
        await model.quiet();
        const left =
          model.apps.size === 0 ? [] : model.store.list("shop").filter(({ status }) => status === "creating");
        assert.deepEqual(left, [], "nothing is left half made");
        // What failed, or was there for too long, is tried again with the next commit.
        for (const { number, open, commit } of model.pulls.values()) if (open && commit !== "") model.push(number);
        await model.quiet();
        const there = [...model.apps.values()].map(({ name, commit }) => `${name} ${commit}`).sort();
        assert.deepEqual(there, expected(model));
        assert.deepEqual([...model.belongings].sort(), [...model.apps.keys()].sort());
        const known = there.length === 0 ? [] : model.store.list("shop");
        const done = known.filter(({ status, stage }) => status === "created" && stage === "done");
        assert.equal(done.length, there.length, "each is whole");
        assert.ok(
          known.every(({ pull }) => model.pulls.get(pull)?.open),
          "of what is closed nothing is kept",
        );
        for (const [id, count] of model.scripts) assert.equal(count, 1, `the script of ${id}`);
        const unforeseen = model.problems.filter((each) => !/goes: |is there still|gets no review app/.test(each));
        assert.deepEqual(unforeseen, []);
        made += model.scripts.size;
      } finally {
        model.close();
      }
    }),
    { numRuns: 600 },
  );
  // Else nothing was shown.
  assert.ok(made > 300, `${made} were made`);
});
