import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { parse } from "yaml";
import { ChangeFailed, StackLocked } from "../../../../services/control-plane/apps/apps.ts";
import { checkName, randomId, randomName } from "../../../../services/control-plane/apps/names.ts";
import { RunFailed } from "../../../../services/control-plane/runs/runner.ts";
import type { Outcome } from "../../../../services/stacks/engine.ts";
import { act, BEFORE, broken, done, withApps } from "./ground.ts";

const OWNER = "an-account";
const abandoned = new RunFailed("abandoned", "the run was ended from outside before it was done");
const locked = new RunFailed("failed", "error: the stack is currently locked by 1 lock(s).", "locked");
const taken = new RunFailed("failed", "blog: the backend has such a stack already, with 3 resources", "exists");
const ids = { activity: 1, run: "run-1", repair: "run-2" };

test("names are Heroku's, less those of the platform", () => {
  for (const name of ["abc", "a-b", "shop2", "a".repeat(30)]) checkName(name);
  for (const name of ["ab", "2shop", "shop-", "Shop", "a_b", "a".repeat(31), "../x", "a b", "dashboard", "shop-pr-7"]) {
    assert.throws(() => checkName(name), { name: "NameRefused" }, name);
  }
  for (let tries = 0; tries < 200; tries++) {
    const name = randomName();
    assert.match(name, /^[a-z]+-[a-z]+-\d{5}$/);
    checkName(name);
    checkName(randomId(name));
  }
  checkName(randomId("a".repeat(30)));
  assert.notEqual(randomId("shop"), randomId("shop"));
});

test("an app is made with a file, a stack and an owner", async () => {
  await withApps([], async ({ apps, runs, textOf, told, journal }) => {
    const { app } = await apps.create("blog", act, OWNER);
    assert.equal(app.url, "http://blog.localhost:8080/");
    assert.match(app.id, /^blog-[a-z]{8}$/);
    assert.deepEqual(parse((await textOf("blog")) ?? ""), {
      encryptionsalt: "v1:salt",
      config: { "dynoform:app": { id: app.id } },
    });
    assert.deepEqual(told, ["making blog for an-account"]);
    assert.deepEqual(
      runs.begun.map(({ verb, description }) => [verb, description]),
      [["create", act.description]],
    );
    assert.equal(apps.activity("blog")[0]?.result, "succeeded");
    assert.deepEqual(journal.unfinished(), []);
    await assert.rejects(apps.create("blog", act, OWNER), /Name blog is already taken/);
    assert.match(await apps.newName(undefined), /^[a-z]+-[a-z]+-\d{5}$/);
  });
});

test("of two who make an app of one name, one does", async () => {
  await withApps([], async ({ apps, runs }) => {
    const all = await Promise.allSettled([1, 2, 3].map(() => apps.create("blog", act, OWNER)));
    assert.deepEqual(all.map(({ status }) => status).sort(), ["fulfilled", "rejected", "rejected"]);
    assert.equal(runs.begun.length, 1);
    const first = apps.create("news", act, OWNER);
    await assert.rejects(Promise.race([apps.create("news", act, OWNER), first]), /Name news is already taken/);
    await first;
  });
});

test("what was made is committed, and what was taken back is not", async () => {
  await withApps([done, broken, done, done], async ({ apps, committed }) => {
    await apps.create("blog", act, OWNER);
    await assert.rejects(apps.change("shop", act, (file) => file.scale("web", { quantity: 2 })));
    await apps.destroy("shop", act);
    assert.deepEqual(committed, ["create blog by ada@example.com", "destroy shop by ada@example.com"]);
  });
});

test("an app that cannot be made leaves nothing", async () => {
  await withApps([broken], async ({ apps, runs, textOf, told, journal }) => {
    await assert.rejects(apps.create("blog", act, OWNER), new ChangeFailed("a dyno crashed", "Updating\nUpdating\n"));
    assert.equal(await textOf("blog"), undefined);
    assert.deepEqual(
      runs.begun.map(({ verb }) => verb),
      ["create", "destroy"],
    );
    assert.deepEqual(told, ["making blog for an-account", "blog is gone"]);
    assert.equal(apps.activity("blog")[0]?.result, "failed");
    assert.deepEqual(journal.unfinished(), []);
  });
});

test("a stack that somebody left in the backend is not destroyed", async () => {
  await withApps([taken], async ({ apps, runs, textOf }) => {
    await assert.rejects(apps.create("blog", act, OWNER), /with 3 resources/);
    assert.equal(await textOf("blog"), undefined);
    assert.deepEqual(
      runs.begun.map(({ verb }) => verb),
      ["create"],
    );
  });
});

test("an app is destroyed, then its file goes, and its name is free", async () => {
  await withApps([], async ({ apps, runs, text, told }) => {
    await apps.destroy("shop", act);
    assert.deepEqual(
      runs.begun.map(({ verb, text }) => [verb, text]),
      [["destroy", BEFORE]],
    );
    assert.equal(await text(), undefined);
    assert.equal(await apps.get("shop"), undefined);
    assert.deepEqual(told, ["shop is gone"]);
    assert.equal(apps.activity("shop")[0]?.result, "succeeded", "it is told until another takes the name");
    await assert.rejects(apps.destroy("shop", act), /there is no app shop/);
    const { app: again } = await apps.create("shop", act, OWNER);
    assert.notEqual(again.id, "shop");
    assert.equal(apps.activity("shop").length, 1);
  });
});

test("an app that cannot be destroyed is brought up again", async () => {
  await withApps([broken], async ({ apps, runs, text, told }) => {
    await assert.rejects(apps.destroy("shop", act), ChangeFailed);
    assert.equal(await text(), BEFORE);
    assert.deepEqual(
      runs.begun.map(({ verb }) => verb),
      ["destroy", "up"],
    );
    assert.deepEqual(told, []);
  });
  await withApps([locked], async ({ apps, runs, text }) => {
    await assert.rejects(apps.destroy("shop", act), StackLocked);
    assert.equal(await text(), BEFORE);
    assert.equal(runs.begun.length, 1, "somebody else has the stack");
  });
});

test("a destruction that was cut off goes on", async () => {
  await withApps([abandoned], async ({ apps, runs, text }) => {
    await apps.destroy("shop", act);
    assert.deepEqual(
      runs.begun.map(({ verb }) => verb),
      ["destroy", "destroy"],
    );
    assert.equal(await text(), undefined);
  });
});

/** Where a control plane was when it ended, and what the next one makes of it. */
const interruptions: readonly {
  readonly what: string;
  readonly kind: "create" | "destroy";
  readonly file: boolean;
  readonly run?: Outcome | Error;
  readonly begins: readonly string[];
  readonly leaves: boolean;
  readonly result: "succeeded" | "failed";
}[] = [
  { what: "before the file", kind: "create", file: false, begins: ["create"], leaves: true, result: "succeeded" },
  { what: "before the run", kind: "create", file: true, begins: ["create"], leaves: true, result: "succeeded" },
  { what: "in the run", kind: "create", file: true, run: done, begins: [], leaves: true, result: "succeeded" },
  { what: "in vain", kind: "create", file: true, run: broken, begins: ["destroy"], leaves: false, result: "failed" },
  { what: "cut off", kind: "create", file: true, run: abandoned, begins: ["destroy"], leaves: false, result: "failed" },
  { what: "before the run", kind: "destroy", file: true, begins: ["destroy"], leaves: false, result: "succeeded" },
  { what: "in the run", kind: "destroy", file: true, run: done, begins: [], leaves: false, result: "succeeded" },
  { what: "after all", kind: "destroy", file: false, run: done, begins: [], leaves: false, result: "succeeded" },
  { what: "in vain", kind: "destroy", file: true, run: broken, begins: ["up"], leaves: true, result: "failed" },
  {
    what: "cut off",
    kind: "destroy",
    file: true,
    run: abandoned,
    begins: ["destroy"],
    leaves: false,
    result: "succeeded",
  },
];

for (const { what, kind, file, run, begins, leaves, result } of interruptions) {
  test(`a control plane that ended ${what} of a ${kind} leaves it to the next`, async () => {
    await withApps([], async ({ apps, journal, runs, path, textOf }) => {
      const stack = "blog";
      const own = path.replace("shop", stack);
      const text = "config:\n  dynoform:app:\n    id: blog-abcdefgh\n";
      const activity = journal.begin(stack, act);
      const texts = kind === "create" ? { before: "", after: text } : { before: text, after: "" };
      journal.applying({ ...ids, kind, activity, app: stack, stack, path: own, ...texts });
      if (file) await writeFile(own, text);
      if (run !== undefined) runs.found.set(ids.run, run);
      await apps.resume();
      assert.deepEqual(
        runs.begun.map(({ verb }) => verb),
        begins,
      );
      assert.equal((await textOf(stack)) !== undefined, leaves);
      assert.equal(apps.activity(stack)[0]?.result, result);
      assert.deepEqual(journal.unfinished(), []);
    });
  });
}

test("an app is renamed, and keeps its id and its stack", async () => {
  await withApps([], async ({ apps, runs, text, told }) => {
    await apps.rename("shop", "store", act);
    const settings = parse((await text()) ?? "").config["dynoform:app"];
    assert.deepEqual(settings, { formation: { web: { quantity: 1 } }, id: "shop", name: "store" });
    assert.deepEqual(
      runs.begun.map(({ verb }) => verb),
      ["up"],
    );
    assert.deepEqual(told, ["shop (shop) is store"]);
    assert.equal((await apps.get("store"))?.stack, "shop");
    assert.equal(apps.activity("store")[0]?.result, "succeeded");
    await assert.rejects(apps.rename("store", "store", act), /already taken/);
    // Its old name is free, its stack is not.
    const { app: again } = await apps.create("shop", act, OWNER);
    assert.equal(again.stack, "shop-2");
  });
});

test("an app with domains of its own is not renamed, and says why", async () => {
  await withApps([], async ({ apps, runs }) => {
    await apps.change("shop", act, (file) => file.set(["hosts"], ["www.example.com"]));
    await assert.rejects(apps.rename("shop", "store", act), /also served at www\.example\.com/);
    assert.equal(runs.begun.length, 1);
    assert.equal(apps.activity("shop")[0]?.result, "failed");
  });
});

test("a preview is made on a copy", async () => {
  await withApps([], async ({ apps, runs, text, textOf }) => {
    const plan = await apps.plan("shop", act, (file) => {
      file.scale("web", { quantity: 2 });
      file.setConfig("A", "one");
    });
    assert.deepEqual(plan, { changes: done.changes, steps: [], preview: "Previewing\n" });
    assert.equal(await text(), BEFORE);
    assert.match(runs.begun[0]?.text ?? "", /quantity: 2/);
    assert.match(runs.begun[0]?.text ?? "", /A: \{ secure: v1:one \}/);
    await apps.planCreate("blog", act);
    await apps.planDestroy("shop", act);
    await apps.planRename("shop", "store", act);
    assert.deepEqual(
      runs.begun.map(({ verb, id }) => [verb, id]),
      [
        ["preview-up", "shop"],
        ["preview-create", "blog"],
        ["preview-destroy", "shop"],
        ["preview-up", "shop"],
      ],
    );
    assert.equal(await textOf("blog"), undefined);
    assert.equal(await text(), BEFORE);
    assert.deepEqual(apps.activity("shop"), []);
  });
});
