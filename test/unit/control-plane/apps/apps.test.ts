import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { AppFile } from "../../../../services/control-plane/apps/app-file.ts";
import { ChangeFailed } from "../../../../services/control-plane/apps/apps.ts";
import type { Change } from "../../../../services/control-plane/apps/journal.ts";
import { RunFailed } from "../../../../services/control-plane/runs/runner.ts";
import type { Outcome } from "../../../../services/stacks/engine.ts";
import { act, BEFORE, broken, done, withApps } from "./ground.ts";

const AFTER = BEFORE.replace("quantity: 1", "quantity: 2");

const scale = (file: AppFile) => file.scale("web", { quantity: 2 });

test("the apps of this platform, as their files declare them", async () => {
  await withApps([], async ({ apps, path }) => {
    const settings = { formation: { web: { quantity: 1 } } };
    const declared = { ...settings, addons: {}, settings };
    const shop = { name: "shop", id: "shop", stack: "shop", url: "http://shop.localhost:8080/", createdAt: 1000 };
    const rest = { path, hosts: [], certificates: [], maintenance: false, labs: [], acm: false };
    assert.deepEqual(await apps.list(), [{ ...shop, ...rest, ...declared }]);
    assert.equal(await apps.get("far"), undefined);
    await assert.rejects(apps.change("far", act, scale), /there is no app far on this platform/);
  });
});

test("a change is an edit and an up, with who did it and why", async () => {
  await withApps([], async ({ apps, runs, text }) => {
    let shown = "";
    const display = (piece: string) => {
      shown += piece;
    };
    const result = await apps.change("shop", act, scale, { display });
    assert.deepEqual(result.changes, done.changes);
    assert.equal(shown, "Updating\n");
    assert.equal(await text(), AFTER);
    assert.deepEqual(
      runs.begun.map(({ description, text }) => [description, text]),
      [[act.description, AFTER]],
    );
    const [activity] = apps.activity("shop");
    assert.deepEqual(activity, {
      id: result.activity,
      app: "shop",
      ...act,
      startedAt: 1000,
      endedAt: 1000,
      result: "succeeded",
      message: undefined,
      log: "Updating\n",
    });
  });
});

test("a whole file takes the place of the one that its writer knew, or is taken back", async () => {
  await withApps([done, done, broken, done], async ({ apps, runs, text }) => {
    await apps.replace("shop", act, { before: BEFORE, after: AFTER });
    assert.equal(await text(), AFTER);
    // Once more is no harm.
    await apps.replace("shop", act, { before: BEFORE, after: AFTER });
    await assert.rejects(
      apps.replace("shop", act, { before: BEFORE, after: BEFORE.replace("1", "3") }),
      /^UserError: the stack file of shop was changed on the host since\. Commit there what it says, and begin anew\.$/,
    );
    await assert.rejects(
      apps.replace("shop", act, { before: AFTER, after: AFTER.replace("formation", "name: blog\n    formation") }),
      /^UserError: shop would have another name or id/,
    );
    assert.deepEqual([await text(), runs.begun.length], [AFTER, 2]);
    await assert.rejects(apps.replace("shop", act, { before: AFTER, after: BEFORE }), ChangeFailed);
    assert.equal(await text(), AFTER);
  });
});

test("config vars are written as Pulumi encrypts them", async () => {
  await withApps([], async ({ apps, text }) => {
    await apps.change("shop", act, (file) => {
      file.setConfig("A", "one");
      file.setConfig("B", "two");
      file.setConfig("C", undefined);
    });
    assert.equal(await text(), `${BEFORE}  dynoform:config:\n    A: { secure: v1:one }\n    B: { secure: v1:two }\n`);
  });
});

test("an edit that throws changes nothing", async () => {
  await withApps([], async ({ apps, runs, text }) => {
    const refusing = () => Promise.reject(new Error("no such type"));
    await assert.rejects(apps.change("shop", act, refusing), /no such type/);
    assert.equal(await text(), BEFORE);
    assert.deepEqual(runs.begun, []);
    assert.equal(apps.activity("shop")[0]?.result, "failed");
  });
});

test("a change that fails is taken back with a second up", async () => {
  await withApps([broken], async ({ apps, journal, runs, text }) => {
    await assert.rejects(apps.change("shop", act, scale), new ChangeFailed("a dyno crashed", "Updating\nUpdating\n"));
    assert.equal(await text(), BEFORE);
    assert.deepEqual(
      runs.begun.map(({ text }) => text),
      [AFTER, BEFORE],
    );
    assert.deepEqual(journal.unfinished(), []);
  });
});

test("what has to be taken back waits for a Docker that is away", async () => {
  const away = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", syscall: "connect" });
  await withApps([broken, away, away], async ({ apps, journal, runs, text }) => {
    await assert.rejects(apps.change("shop", act, scale), new ChangeFailed("a dyno crashed", "Updating\nUpdating\n"));
    assert.equal(await text(), BEFORE);
    assert.deepEqual(
      runs.begun.map(({ id }) => id === runs.begun[0]?.id),
      [true, false, false, false],
    );
    assert.deepEqual(journal.unfinished(), []);
  });
});

test("what cannot be brought up as it was is told", async () => {
  await withApps([broken, new RunFailed("failed", "no Docker")], async ({ apps }) => {
    await assert.rejects(
      apps.change("shop", act, scale),
      /a dyno crashed\nThe file was put back, but shop could not be brought up as it was: no Docker/,
    );
  });
});

test("a stack that somebody else is changing is left to them", async () => {
  const locked = new RunFailed("failed", "error: the stack is currently locked by 1 lock(s).", "locked");
  await withApps([locked], async ({ apps, runs, text }) => {
    await assert.rejects(apps.change("shop", act, scale), /currently locked/);
    assert.equal(await text(), BEFORE);
    assert.equal(runs.begun.length, 1);
  });
});

test("an app whose source the runner cannot see is refused before anything changes", async () => {
  await withApps([], async ({ apps, runs, text }) => {
    const failing = apps.change("shop", act, (file) => file.set(["source"], { path: "../shop" }));
    await assert.rejects(failing, /the source of shop, \.\.\/shop, lies outside of the project/);
    assert.equal(await text(), BEFORE);
    assert.deepEqual(runs.begun, []);
  });
});

function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

test("a file that was edited while the change failed stays as it is", async () => {
  await withApps([], async ({ apps, runs, path, text }) => {
    runs.ends.push(broken);
    const edited = `${AFTER}# by hand\n`;
    // Whole at any moment: an editor that writes in place could be read half-way.
    const failing = apps.change("shop", act, scale, { display: () => replaceFile(path, edited) });
    await assert.rejects(failing, /a dyno crashed\nThe stack file of shop was edited meanwhile/);
    assert.equal(await text(), edited);
  });
});

/** Where an earlier control plane was when it ended, and what the next one makes of it. */
const interruptions: readonly {
  readonly what: string;
  readonly file: string;
  readonly state?: Change["state"];
  readonly run?: Outcome | Error;
  readonly repair?: Outcome | Error;
  readonly begins: readonly string[];
  readonly leaves: string;
  readonly result: "succeeded" | "failed";
}[] = [
  { what: "before the file was written", file: BEFORE, begins: [AFTER], leaves: AFTER, result: "succeeded" },
  { what: "before its run began", file: AFTER, begins: [AFTER], leaves: AFTER, result: "succeeded" },
  { what: "while its run went on", file: AFTER, run: done, begins: [], leaves: AFTER, result: "succeeded" },
  { what: "before its run failed", file: AFTER, run: broken, begins: [BEFORE], leaves: BEFORE, result: "failed" },
  {
    what: "before the file was put back",
    file: AFTER,
    state: "reverting",
    run: broken,
    begins: [BEFORE],
    leaves: BEFORE,
    result: "failed",
  },
  {
    what: "while its second run went on",
    file: BEFORE,
    state: "reverting",
    run: broken,
    repair: done,
    begins: [],
    leaves: BEFORE,
    result: "failed",
  },
  { what: "and somebody edited the file", file: "config: {}\n", begins: [], leaves: "config: {}\n", result: "failed" },
];

for (const { what, file, state, run, repair, begins, leaves, result } of interruptions) {
  test(`a change whose control plane ended ${what} is finished by the next`, async () => {
    await withApps([], async ({ apps, journal, runs, path, text }) => {
      const activity = journal.begin("shop", act);
      const ids = { kind: "edit", activity, app: "shop", stack: "shop", path, run: "run-1", repair: "run-2" } as const;
      journal.applying({ ...ids, before: BEFORE, after: AFTER });
      if (state === "reverting") journal.reverting(activity, "a dyno crashed");
      await writeFile(path, file);
      if (run !== undefined) runs.found.set("run-1", run);
      if (repair !== undefined) runs.found.set("run-2", repair);

      await apps.resume();
      assert.deepEqual(
        runs.begun.map(({ text }) => text),
        begins,
      );
      assert.equal(await text(), leaves);
      assert.equal(apps.activity("shop")[0]?.result, result);
      assert.deepEqual(journal.unfinished(), []);
    });
  });
}

test("a run that is begun anew waits for the calm, and one that goes on is followed at once", async () => {
  await withApps([], async ({ apps, journal, runs, path }) => {
    const activity = journal.begin("shop", act);
    const ids = { kind: "edit", activity, app: "shop", stack: "shop", path, run: "run-1", repair: "run-2" } as const;
    journal.applying({ ...ids, before: BEFORE, after: AFTER });
    await writeFile(path, BEFORE);
    const calm = Promise.withResolvers<void>();
    const resumed = apps.resume(calm.promise);
    await sleep(50);
    assert.equal(runs.begun.length, 0);
    calm.resolve();
    await resumed;
    assert.equal(runs.begun.length, 1);

    journal.applying({ ...ids, activity: journal.begin("shop", act), run: "run-3", before: BEFORE, after: AFTER });
    runs.found.set("run-3", done);
    await apps.resume(new Promise(() => {}));
    assert.deepEqual(journal.unfinished(), []);
  });
});

test("what ended before it changed anything is recorded as failed", async () => {
  await withApps([], async ({ apps, journal }) => {
    journal.begin("shop", act);
    await apps.resume();
    assert.match(apps.activity("shop")[0]?.message ?? "", /before anything was changed/);
  });
});

test("runtime acts are recorded with their result", async () => {
  await withApps([], async ({ apps }) => {
    assert.equal(await apps.record("shop", { ...act, description: "Restarted web.1" }, async () => 7), 7);
    await assert.rejects(
      apps.record("shop", act, async () => {
        throw new Error("no");
      }),
    );
    assert.deepEqual(
      apps.activity("shop").map(({ description, result, message }) => [description, result, message]),
      [
        [act.description, "failed", "no"],
        ["Restarted web.1", "succeeded", undefined],
      ],
    );
    assert.equal(apps.activity("shop", 1).length, 1);
  });
});
