import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { HerokuUser } from "../../../support/heroku/user.ts";
import type { Scene } from "./scene.ts";

/** What was released, and back. */
export async function releases(t: TestContext, { platform, email }: Scene, shop: HerokuUser): Promise<void> {
  const page = async () => (await platform.fetch("flask-example")).body;

  await t.test("releases, releases:info, releases:output of a release command", async () => {
    await writeFile(join(shop.work, "Procfile"), "web: gunicorn app:app\nrelease: echo migrated by $DYNO\n");
    await shop.git("commit", "--all", "--quiet", "--message", "Migrate");
    const commit = (await shop.git("rev-parse", "--short=7", "HEAD")).output.trim();
    await shop.git("push", "heroku", "main");
    const [list, info, output] = await Promise.all([
      shop.heroku("releases"),
      shop.heroku("releases:info"),
      shop.heroku("releases:output"),
    ]);
    assert.match(list.output, /^=== (?:⬢ )?flask-example Releases - Current: v\d+$/m);
    assert.match(list.output, new RegExp(`v\\d+ +Deploy ${commit} +${email} +\\d{4}/\\d\\d/\\d\\d`));
    assert.match(list.output, new RegExp(`v\\d+ +Set GREETING, DEBUG config vars +${email}`));
    assert.match(info.output, new RegExp(`Change: +Deploy ${commit}`));
    assert.match(info.output, /Config vars\s+.*GREETING: +Grace/s);
    assert.match(output.output, /^migrated by release\.\d+$/m);
  });

  await t.test("rollback, to the last release and to one by its number", async () => {
    await shop.heroku("config:set", "GREETING=Mistake");
    assert.equal(await page(), "Hello, Mistake!");
    const back = await shop.heroku("rollback");
    assert.match(back.errors, /Rolling back (?:⬢ )?flask-example to v\d+\.\.\. done, v\d+/);
    assert.match(back.errors, /To undo, run: heroku rollback v\d+/);
    assert.equal(await page(), "Hello, Grace!");
    const { output } = await shop.heroku("releases", "--json");
    const all: { version: number; description: string }[] = JSON.parse(output);
    const first = all.find(({ description }) => description === "Set GREETING, DEBUG config vars")?.version;
    await shop.heroku("rollback", `v${first}`);
    assert.equal(await page(), "Hello, Ada & Co!");
  });
}
