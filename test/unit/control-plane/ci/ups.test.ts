import assert from "node:assert/strict";
import { dirname } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { CiUps } from "../../../../services/control-plane/ci/ups.ts";
import { BEFORE, broken, withApps } from "../apps/ground.ts";

const BY = { repository: "octo/shop", ref: "refs/heads/main", sha: "abcdef0123", actor: "octocat" };
const WHO = "octocat@octo/shop";
const NEW = "config:\n  dynoform:app: { formation: { web: { quantity: 1 } } } # ours\n";

type Ground = Parameters<Parameters<typeof withApps>[1]>[0];

/** What a workflow may ask of real apps, whose runs are none of Pulumi's. */
function upsOf({ apps, path }: Pick<Ground, "apps" | "path">) {
  const links = { put: () => assert.fail("it is no link") };
  const ups = new CiUps({ apps, links, project: dirname(dirname(path)) });
  return (stack: string, before: string, after: string) => ups.up(stack, { before, after }, BY);
}

test("an app that is there is brought up by the file that was sent, as who merged it", async () => {
  await withApps([], async (it) => {
    const after = BEFORE.replace("quantity: 1", "quantity: 2");
    assert.deepEqual(await upsOf(it)("shop", BEFORE, after), { changes: { same: 1, create: 1 } });
    assert.equal(await it.text(), after);
    const [activity] = it.apps.activity("shop");
    assert.deepEqual([activity?.user, activity?.description], [WHO, "Deploy of abcdef0"]);
    await assert.rejects(upsOf(it)("shop", BEFORE, BEFORE.replace("1", "3")), /was changed on the host since/);
  });
});

test("a new app is made by its file, whole or not at all, and what the host writes into that stays there", async () => {
  await withApps([broken], async (it) => {
    const up = upsOf(it);
    await assert.rejects(up("blog", "", NEW), /^ChangeFailed: a dyno crashed$/);
    assert.equal(await it.textOf("blog"), undefined, "it was taken back");
    // The push before had it too, and failed.
    assert.deepEqual(await up("blog", NEW, NEW), { changes: { same: 1, create: 1 } });
    assert.equal(await it.textOf("blog"), `encryptionsalt: v1:salt\n${NEW}`);
    assert.equal((await it.apps.get("blog"))?.url, "http://blog.localhost:8080/");
    assert.deepEqual(
      it.runs.begun.map(({ verb }) => verb),
      ["create", "destroy", "create"],
    );
    assert.deepEqual(it.committed, [`create blog by ${WHO}`]);
    // The repository has neither salt nor key.
    const next = NEW.replace("quantity: 1", "quantity: 2");
    await up("blog", NEW, next);
    const text = (await it.textOf("blog")) ?? "";
    assert.match(text, /# ours/);
    assert.deepEqual(parse(text), { ...parse(next), encryptionsalt: "v1:salt" });
    await up("blog", NEW, next);
    assert.equal(it.runs.begun.at(-1)?.text, text, "what was done already is done again");
    await assert.rejects(up("blog", NEW, `encryptionsalt: v1:theirs\n${next}`), /beside `config` its file may not/);
  });
});

test("a new app takes nothing from another, and a new platform is made on its host", async () => {
  await withApps([], async (it) => {
    const up = upsOf(it);
    const app = (settings: string) => `config:\n  dynoform:app: ${settings}\n`;
    assert.deepEqual(await up("second", "", "config:\n  dynoform:platform: { name: second }\n"), {
      elsewhere:
        "second is no app and no link to a repository, which alone are brought up from elsewhere. Bring it up on its host: `npx dynoform ci up second`",
      changes: {},
    });
    assert.ok((await up("pipe", "", "config:\n  dynoform:pipeline: {}\n")).elsewhere);
    const refused: [stack: string, text: string, message: RegExp][] = [
      ["blog", app("{ name: shop }"), /^NameRefused: Name shop is already taken$/],
      ["blog", app("{ id: shop }"), /^UserError: blog has the id of shop\. Give it another\.$/],
      ["blog", app("{ platform: far }"), /^UserError: blog is an app of far, which is not the platform/],
      ["far", app("{}"), /^UserError: there is a stack far on this host already, which is no app of this platform\.$/],
      ["dashboard", app("{}"), /^NameRefused: Name dashboard is already taken$/],
      ["blog", `secretsprovider: awskms://x\n${app("{}")}`, /beside `config` its file may not be changed from here/],
      ["blog", app("{ hosts: [{ secure: v1:k }] }"), /has a secure value/],
      ["blog", app("{ source: { path: ../x } }"), /lies outside of the project/],
      ["blog", `a: &a [1]\nb: *a\n${app("{}")}`, /no valid YAML/],
      ["blog", "config: 1\n", /no map `config`/],
    ];
    for (const [stack, text, message] of refused) await assert.rejects(up(stack, "", text), message, text);
    assert.deepEqual(it.runs.begun, []);
  });
});

test("what a preview refuses, an up does too, and how secrets are kept stays", async () => {
  await withApps([], async (it) => {
    const up = (after: string) => upsOf(it)("shop", BEFORE, after);
    await assert.rejects(up(`secretsprovider: awskms://x\n${BEFORE}`), /beside `config`/);
    await assert.rejects(up(BEFORE.replace("formation", "hosts: [{ secure: v1:k }]\n    formation")), /a secure value/);
    await assert.rejects(up(`${BEFORE}  dynoform:github: {}\n`), /dynoform:github is not taken from a workflow/);
    await assert.rejects(up(BEFORE.replace("formation", "name: blog\n    formation")), /another name or id/);
    assert.deepEqual(it.runs.begun, []);
  });
});
