import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { until } from "../../support/until.ts";
import { finished } from "../cli/harness.ts";
import { ground, stackFile } from "./ground.ts";

const STACKS = ["a", "b", "c"];
const THINGS = ["one", "two", "three", "four"];

test("an up that was killed at ten places is completed by the next, and there are never two at once", async () => {
  await using there = await ground();
  const files = (value: string) =>
    Object.fromEntries(
      STACKS.map((stack) => [
        `Pulumi.${stack}.yaml`,
        stackFile(Object.fromEntries(THINGS.map((thing) => [thing, { value }]))),
      ]),
    );
  const acts = async () => (await readFile(there.acts, "utf8")).split("\n").filter(Boolean);
  for (let place = 1; place <= 10; place++) {
    await there.commit(files(String(place)));
    await writeFile(there.acts, "");
    const child = there.start(["up"], { HOLD: String(place) });
    const end = finished(child);
    await until(`act ${place}`, async () => (await acts()).length >= place);
    if (place === 5) {
      // It holds the turn now.
      const second = await there.run(["up"], {
        GITHUB_ACTIONS: "true",
        GITHUB_REPOSITORY: "octo/shop",
        GITHUB_ACTOR: "hubot",
      });
      assert.equal(second.code, 1);
      assert.match(
        second.stderr,
        /^error: the stacks of shop are being brought up by \S+ on \S+, process \d+, since \S+\. Wait/m,
      );
    }
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await end;
  }
  await writeFile(there.acts, "");
  const next = await there.run(["up"]);
  assert.equal(next.code, 0, next.stderr);
  assert.equal((await there.run(["up"])).stdout.match(/, 0 changes$/gm)?.length, 3);
  for (const stack of STACKS) {
    const values = [...(await there.project.checkpoint(stack)).matchAll(/"inputs":\{"value":"(\d+)"\}/g)].map(
      ([, value]) => value,
    );
    assert.deepEqual(
      values,
      THINGS.map(() => "10"),
    );
  }
});

test("the first that fails is the last, and what was and was not applied is said; what is denied is not begun", async () => {
  await using there = await ground();
  const one = stackFile({ one: { value: "1" } });
  await there.commit({
    "Pulumi.a.yaml": one,
    "Pulumi.b.yaml": "config:\n  shop:broken: it is\n",
    "Pulumi.c.yaml": one,
  });
  const { code, stdout } = await there.run(["up"]);
  assert.equal(code, 1);
  assert.match(stdout, /\napplied: a, 2 changes\nfailed: b\. Running program .*\n.*\nnot applied: c\n$/);
  await there.commit({ "Pulumi.b.yaml": one, "Pulumi.a.yaml": stackFile({}) });
  const denied = await there.run(["up", "--deny", "delete:thing"]);
  assert.match(
    denied.stdout,
    /^failed: a\. a is not brought up: it would delete one \(delete:thing\)\. If that is meant, write dynoform:allowDataLoss: \[one\]/m,
  );
  await there.commit({ "Pulumi.a.yaml": `${stackFile({})}  dynoform:allowDataLoss: [one]\n` });
  assert.equal((await there.run(["up", "--deny", "delete:thing"])).code, 0);
});
