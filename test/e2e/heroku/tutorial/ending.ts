import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { HerokuUser } from "../../../support/heroku/user.ts";
import type { Scene } from "./scene.ts";

/** Another name, and the end; the name is free at once. */
export async function ending(t: TestContext, { platform, recorder }: Scene, shop: HerokuUser): Promise<void> {
  await t.test("apps:rename", async () => {
    const renamed = await shop.heroku("apps:rename", "flask-renamed");
    assert.match(renamed.errors, /Renaming (?:⬢ )?flask-example to (?:⬢ )?flask-renamed\.\.\. done/);
    assert.match((await shop.git("remote", "--verbose")).output, /\/flask-renamed\.git/);
    assert.equal((await platform.fetch("flask-renamed")).body, "Hello, Ada & Co!");
    assert.equal((await platform.fetch("flask-example")).status, 404);
  });

  await t.test("apps:destroy, not without its name", async () => {
    const wrong = await shop.refused("apps:destroy", "flask-renamed", "--confirm", "flask-example");
    assert.match(wrong.errors, /Confirmation flask-example did not match (?:⬢ )?flask-renamed\. Aborted\./);
    const gone = await shop.heroku("apps:destroy", "flask-renamed", "--confirm", "flask-renamed");
    assert.match(gone.errors, /Destroying (?:⬢ )?flask-renamed \(including all add-ons\)\.\.\. done/);
    assert.equal((await platform.fetch("flask-renamed")).status, 404);
    assert.equal((await shop.git("remote")).output, "");
  });

  await t.test("created again, and pushed again", async () => {
    await shop.heroku("apps:create", "flask-renamed");
    assert.match((await platform.fetch("flask-renamed")).body, /Welcome to your new app!/);
    await shop.heroku("git:remote", "-a", "flask-renamed");
    assert.match(
      (await shop.git("remote", "get-url", "heroku")).output,
      new RegExp(`^https://127\\.0\\.0\\.1:${recorder.port}/flask-renamed\\.git\\n$`),
    );
    await shop.git("push", "heroku", "main");
    assert.equal((await platform.fetch("flask-renamed")).body, "Hello, World!");
  });
}
