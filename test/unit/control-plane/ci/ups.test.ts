import assert from "node:assert/strict";
import { test } from "node:test";
import { CiUps } from "../../../../services/control-plane/ci/ups.ts";

const BY = { repository: "octo/shop", ref: "refs/heads/main", sha: "abcdef0123", actor: "octocat" };
const BEFORE = "encryptionsalt: v1:ours\nconfig:\n  dynoform:app: {}\n";

function ups() {
  const made: unknown[] = [];
  const apps = {
    list: async () => [{ name: "shop", stack: "shop" }],
    async replace(name: string, act: unknown, texts: unknown) {
      made.push([name, act, texts]);
      return { changes: { same: 3, update: 2 } };
    },
  };
  return { made, ups: new CiUps({ apps: apps as never, project: "/srv/project" }) };
}

test("an app that is there is brought up by the file that was sent, as who merged it", async () => {
  const { made, ups: it } = ups();
  const after = BEFORE.replace("{}", "{ maintenance: true }");
  assert.deepEqual(await it.up("shop", { before: BEFORE, after }, BY), { changes: { same: 3, update: 2 } });
  const act = { user: "octocat@octo/shop", description: "Deploy of abcdef0" };
  assert.deepEqual(made, [["shop", act, { before: BEFORE, after }]]);
});

test("other stacks are left to others; what a preview refuses, an up does too, and how secrets are kept stays", async () => {
  const { made, ups: it } = ups();
  const up = (after: string, stack = "shop") => it.up(stack, { before: BEFORE, after }, BY);
  assert.ok((await up(BEFORE, "platform")).elsewhere);
  assert.ok((await up("config: { dynoform:github: {} }\n").catch(() => ({ elsewhere: "refused" }))).elsewhere);
  await assert.rejects(
    up(BEFORE.replace("ours", "theirs")),
    /^UserError: shop: beside `config` its file may not be changed/,
  );
  await assert.rejects(up(`secretsprovider: awskms://x\n${BEFORE}`), /beside `config`/);
  await assert.rejects(up(BEFORE.replace("{}", "{ hosts: [{ secure: v1:k }] }")), /has a secure value/);
  assert.deepEqual(made, []);
});
