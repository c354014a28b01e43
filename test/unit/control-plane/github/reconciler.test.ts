import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AppBusy } from "../../../../services/control-plane/apps/lock.ts";
import { DeployFailed } from "../../../../services/control-plane/deploys/deploy-commit.ts";
import type { LinkedApp } from "../../../../services/control-plane/github/ports.ts";
import { GRACE_MS } from "../../../../services/control-plane/github/worker/ci.ts";
import { Model, repository } from "./model.ts";

const auto: LinkedApp = { branch: "main", autoDeploy: true, waitForCi: false };

async function withModel(apps: Readonly<Record<string, LinkedApp>>, work: (model: Model) => Promise<void>) {
  const model = new Model(apps);
  try {
    await work(model);
    assert.deepEqual(model.problems, []);
  } finally {
    model.close();
  }
}

test("a new head is deployed, to the apps that want it, and not twice", async () => {
  await withModel({ shop: auto, other: { ...auto, autoDeploy: false } }, async (model) => {
    const head = model.push("main");
    await model.quiet();
    await model.quiet();
    assert.deepEqual(model.deployed, [{ stack: "shop", commit: head }]);
    assert.deepEqual(model.log, [`shop: GitHub: deploying ${head.slice(0, 7)}, the head of main of me/flask`]);
  });
});

test("while one is deployed, the newest of those that come takes its turn: two builds a burst", async () => {
  await withModel({ shop: auto }, async (model) => {
    const first = model.push("main");
    await model.look();
    let last = first;
    for (let count = 0; count < 20; count++) {
      last = model.push("main");
      await model.look();
    }
    await model.quiet();
    assert.deepEqual(model.deployed, [
      { stack: "shop", commit: first },
      { stack: "shop", commit: last },
    ]);
  });
});

test("a head that failed is not tried again, by no control plane, until the branch moves", async () => {
  await withModel({ shop: auto }, async (model) => {
    const head = model.push("main");
    await model.look();
    await model.finish(new DeployFailed("build failed"));
    await model.quiet();
    assert.equal(model.worker.problem("shop"), `${head.slice(0, 7)} of main: build failed`);
    model.kill(false);
    await model.quiet();
    assert.equal(model.deployed.length, 1);
    const next = model.push("main");
    await model.quiet();
    assert.equal(model.commits.get("shop"), next);
    assert.equal(model.worker.problem("shop"), undefined);
  });
});

test("what has nothing to do with the commit is tried again", async () => {
  await withModel({ shop: auto }, async (model) => {
    const head = model.push("main");
    await model.look();
    await model.finish(new DeployFailed("deploy failed", { cause: new AppBusy("shop is busy with a backup") }));
    assert.equal(model.worker.problem("shop"), "shop is busy with a backup");
    await model.quiet();
    assert.equal(model.commits.get("shop"), head);
  });
});

test("who goes back to an older release stays there until the branch moves", async () => {
  await withModel({ shop: auto }, async (model) => {
    const older = model.push("main");
    await model.quiet();
    model.push("main");
    await model.quiet();
    model.commits.set("shop", older);
    await model.quiet();
    assert.equal(model.commits.get("shop"), older);
    const next = model.push("main");
    await model.quiet();
    assert.equal(model.commits.get("shop"), next);
  });
});

test("a branch that was forced back is followed, and the log says so", async () => {
  await withModel({ shop: auto }, async (model) => {
    const older = model.push("main");
    await model.quiet();
    const newer = model.push("main");
    await model.quiet();
    model.push("main", older);
    await model.quiet();
    assert.equal(model.commits.get("shop"), older);
    const forced = `shop: GitHub: main of me/flask was forced from ${newer.slice(0, 7)} to ${older.slice(0, 7)}`;
    assert.equal(model.log.includes(forced), true);
  });
});

test("a branch that moves while it is fetched is deployed as it is then", async () => {
  await withModel({ shop: auto }, async (model) => {
    model.push("main");
    model.fetching = () => {
      model.fetching = () => {};
      model.push("main");
    };
    await model.quiet();
    assert.deepEqual(model.deployed, [{ stack: "shop", commit: model.branches.get("main") }]);
  });
});

test("what a control plane deployed that was killed meanwhile is dealt with, and nothing before it is", async () => {
  await withModel({ shop: auto }, async (model) => {
    const first = model.push("main");
    await model.quiet();
    const second = model.push("main");
    await model.look();
    model.kill(true);
    await model.quiet();
    assert.equal(model.commits.get("shop"), second);
    model.commits.set("shop", first);
    await model.quiet();
    assert.equal(model.commits.get("shop"), first, "who went back stays there");
    const third = model.push("main");
    await model.look();
    model.kill(true);
    model.push("main", second);
    await model.quiet();
    assert.equal(model.commits.get("shop"), second, `a branch that was forced back from ${third} is followed`);
  });
});

test("a setting that changes while a commit is fetched is kept to", async () => {
  await withModel({ shop: auto }, async (model) => {
    model.push("main");
    const looking = model.worker.look();
    model.set("shop", { autoDeploy: false });
    await looking;
    await model.quiet();
    assert.deepEqual(model.deployed, []);
    model.set("shop", { autoDeploy: true });
    await model.quiet();
    assert.equal(model.deployed.length, 1);
  });
});

test("a repository that was renamed is followed by its id", async () => {
  await withModel({ shop: auto }, async (model) => {
    model.push("main");
    await model.quiet();
    model.repository = repository("you/hello");
    const head = model.push("main");
    // The old name still leads there, and may soon lead elsewhere.
    model.time.now += 600_001;
    await model.quiet();
    assert.equal(model.commits.get("shop"), head);
    assert.equal(model.log.includes("shop: GitHub: me/flask is called you/hello now; the link follows it"), true);
  });
});

test("with Wait for CI a commit is deployed once, when all have passed", async () => {
  await withModel({ shop: { ...auto, waitForCi: true } }, async (model) => {
    const head = model.push("main");
    await model.look();
    assert.equal(model.worker.waiting("shop"), `${head.slice(0, 7)} waits, as its checks have not begun`);
    model.checks.set(head, [{ name: "unit", state: "pending" }]);
    await model.look();
    model.checks.set(head, [{ name: "unit", state: "failed" }]);
    await model.look();
    await model.look();
    assert.equal(model.worker.waiting("shop"), `${head.slice(0, 7)} is not deployed, as its checks did not pass: unit`);
    assert.deepEqual(model.deployed, []);
    model.checks.set(head, [{ name: "unit", state: "passed" }]);
    await model.quiet();
    assert.deepEqual(model.deployed, [{ stack: "shop", commit: head }]);
    assert.equal(model.worker.waiting("shop"), undefined);
  });
});

test("checks that may not be read are taken for neither passed nor absent", async () => {
  await withModel({ shop: { ...auto, waitForCi: true } }, async (model) => {
    const head = model.push("main");
    model.hidden = ["check runs"];
    model.checks.set(head, [{ name: "unit", state: "passed" }]);
    await model.look();
    model.time.now += GRACE_MS;
    await model.look();
    assert.deepEqual(model.deployed, []);
    assert.match(
      model.worker.waiting("shop") ?? "",
      /check runs may not be read by the credential: connect GitHub by an App/,
    );
    model.hidden = [];
    await model.quiet();
    assert.equal(model.commits.get("shop"), head);
  });
});

test("where nothing checks a commit it is deployed after a minute, and the log says so", async () => {
  await withModel({ shop: { ...auto, waitForCi: true } }, async (model) => {
    const head = model.push("main");
    await model.look();
    model.time.now += GRACE_MS - 1;
    await model.look();
    assert.deepEqual(model.deployed, []);
    model.time.now += 1;
    await model.quiet();
    assert.equal(model.commits.get("shop"), head);
    const said = `shop: GitHub: nothing has checked ${head.slice(0, 7)} within a minute, so it is deployed without`;
    assert.equal(model.log.includes(said), true);
  });
});

test("a forge that is away leaves what is known, and says why", async () => {
  await withModel({ shop: auto }, async (model) => {
    const head = model.push("main");
    await model.quiet();
    model.up = false;
    await model.look();
    assert.equal(model.worker.head("main"), head);
    assert.equal(model.worker.problem("shop"), "GitHub cannot be reached: no answer");
    model.up = true;
    await model.look();
    assert.equal(model.worker.problem("shop"), undefined);
  });
});

test("a branch that is gone deploys nothing and is named", async () => {
  await withModel({ shop: auto }, async (model) => {
    const head = model.push("main");
    await model.quiet();
    model.branches.delete("main");
    await model.quiet();
    assert.equal(model.worker.problem("shop"), "me/flask has no branch main");
    assert.equal(model.commits.get("shop"), head);
  });
});

const branch = fc.constantFrom("main", "next");
const app = fc.constantFrom("shop", "other");
const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ act: fc.constant("push" as const), branch, told: fc.integer({ min: 0, max: 9 }) }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("force" as const), branch, back: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("delete" as const), branch }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("set" as const), app, branch, auto: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constant("deliver" as const), pick: fc.nat(20) }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constant("finish" as const) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("poll" as const) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("switch" as const) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("kill" as const), made: fc.boolean() }) },
);

test("whatever happens, at the end every app runs its branch's head, and what it ran is a chain of heads", async () => {
  const property = fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
    await withModel({ shop: auto, other: { ...auto, branch: "next" } }, async (model) => {
      // Deliveries on their way; each may arrive late, twice, or never.
      const onTheirWay: string[] = [];
      const places = new Map<string, number>();
      /** Builds of an app since something moved: with the one that goes on then, two a burst. */
      const builds = new Map<string, number>();
      let seen = 0;
      const check = () => {
        for (const { stack, commit } of model.deployed.slice(seen)) {
          builds.set(stack, (builds.get(stack) ?? 0) + 1);
          assert.ok((builds.get(stack) ?? 0) <= 1, `${stack} was built twice for one head`);
          const linked = model.links[stack] as LinkedApp;
          const heads = model.history.get(linked.branch) ?? [];
          // The newest time at which it was the head, and not before that of the deployment before.
          const place = heads.lastIndexOf(commit);
          assert.notEqual(place, -1, `${commit} was no head of ${linked.branch}`);
          const key = `${stack} ${linked.branch}`;
          assert.ok(place >= (places.get(key) ?? 0), `${commit} was deployed after a newer head`);
          places.set(key, place);
        }
        seen = model.deployed.length;
      };
      for (const each of acts) {
        if (["push", "force", "delete", "set", "kill"].includes(each.act)) builds.clear();
        if (each.act === "push") {
          model.push(each.branch);
          // 30 % are lost, and some come twice.
          if (each.told >= 3) onTheirWay.push(each.branch);
          if (each.told >= 8) onTheirWay.push(each.branch);
        } else if (each.act === "force") {
          const heads = model.history.get(each.branch) ?? [];
          model.push(each.branch, heads.at(-1 - each.back));
          onTheirWay.push(each.branch);
        } else if (each.act === "delete") model.branches.delete(each.branch);
        else if (each.act === "set") model.set(each.app, { branch: each.branch, autoDeploy: each.auto });
        else if (each.act === "deliver") {
          if (onTheirWay.splice(each.pick % (onTheirWay.length + 1), 1).length > 0) await model.look();
        } else if (each.act === "finish") {
          await model.finish();
          if (model.woken) await model.look();
        } else if (each.act === "poll") await model.look();
        else if (each.act === "switch") model.up = !model.up;
        else model.kill(each.made);
        check();
      }
      model.up = true;
      const before = model.deployed.length;
      await model.quiet();
      check();
      for (const stack of Object.keys(model.links)) {
        const { branch, autoDeploy } = model.links[stack] as LinkedApp;
        const head = model.branches.get(branch);
        if (autoDeploy && head !== undefined) assert.equal(model.commits.get(stack), head);
        const since = model.deployed.slice(before).filter((each) => each.stack === stack);
        assert.ok(since.length <= 2, "at most two builds for all that came");
      }
    });
  });
  await fc.assert(property, { numRuns: 300 });
});

test("500 pushes whose deliveries come late, twice or never, and 20 kills: the head runs, by a chain of heads", async () => {
  await withModel({ shop: auto }, async (model) => {
    const heads: string[] = [];
    const late: number[] = [];
    let builds = 0;
    const deliver = async () => {
      await model.look();
      // Whatever was pushed since it began, one more is built at most: the newest.
      assert.ok(model.running.length <= 1);
    };
    for (let push = 0; push < 500; push++) {
      heads.push(model.push("main", `main-${String(push).padStart(4, "0")}`));
      if (push % 10 >= 3) late.unshift(push);
      if (push % 7 === 0) late.push(push);
      if (push % 25 === 12) model.kill(push % 2 === 0);
      if (push % 3 === 0 && late.shift() !== undefined) await deliver();
      if (push % 10 === 9) {
        const before = model.deployed.length;
        await model.finish();
        if (model.woken) await model.look();
        assert.ok(model.deployed.length - before <= 1, "two builds a burst: the one that ran, and the newest");
      }
      builds = model.deployed.length;
    }
    while (late.pop() !== undefined) await deliver();
    await model.quiet();
    assert.equal(model.commits.get("shop"), heads.at(-1));
    const places = model.deployed.map(({ commit }) => heads.indexOf(commit));
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
    assert.ok(builds <= 2 * 50 + 20, `${builds} builds for 50 bursts and 20 kills`);
  });
});
