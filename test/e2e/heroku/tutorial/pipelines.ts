import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { containers } from "../../../support/dyno-manager.ts";
import type { HerokuUser } from "../../../support/heroku/user.ts";
import type { Scene } from "./scene.ts";

const LIVE = "flask-live";

/** Apps in stages: what runs in one is promoted to the next, which nobody builds. */
export async function pipelines(t: TestContext, { platform, ann, email }: Scene, shop: HerokuUser): Promise<void> {
  const other = ann.in(ann.home);
  const image = async (app: string) => {
    const [[container] = [""]] = [...(await containers(platform, app, "running"))].filter(
      ([, dyno]) => dyno === "web.1",
    );
    return (await platform.docker.getContainer(container).inspect()).Image;
  };

  await t.test("pipelines: create, add, info, and an app's place", async () => {
    await other.heroku("apps:create", LIVE);
    const made = await other.heroku("pipelines:create", "flask", "--app", "flask-example", "--stage", "staging");
    assert.match(made.errors, /Creating (?:⬢ )?flask pipeline\.\.\. done/);
    await other.heroku("pipelines:add", "flask", "--app", LIVE, "--stage", "development");
    const updated = await other.heroku("pipelines:update", "--app", LIVE, "--stage", "production");
    assert.match(updated.errors, /Changing (?:⬢ )?flask-live to production\.\.\. done/);
    const [list, info, app] = await Promise.all([
      other.heroku("pipelines"),
      other.heroku("pipelines:info", "flask", "--with-owners"),
      other.heroku("apps:info", "--app", LIVE),
    ]);
    assert.match(list.output, /\bflask$/m);
    assert.match(info.output, new RegExp(`owner: .*${email}`));
    assert.match(info.output, /flask-example.*staging/);
    assert.match(info.output, /flask-live.*production/);
    assert.match(app.output, /flask.*production/);
  });

  await t.test("pipelines:promote runs the same image, which nobody builds again", async () => {
    const promoted = await other.heroku("pipelines:promote", "--app", "flask-example");
    assert.match(promoted.output, /Promotion successful/);
    assert.match(promoted.output, /flask-live: +succeeded/);
    assert.equal((await platform.fetch(LIVE)).body, "Hello, World!");
    assert.equal(await image(LIVE), await image("flask-example"));
    const [releases, builds] = await Promise.all([
      other.heroku("releases", "--app", LIVE),
      other.heroku("builds", "--app", LIVE).catch(() => undefined),
    ]);
    assert.match(releases.output, /v2 +Promote flask-example v\d+ [0-9a-f]{8}/);
    assert.doesNotMatch(builds?.output ?? "", /succeeded/);
  });

  await t.test("pipelines: what is not there, or belongs to another one, is said in one line", async () => {
    const [diff, ahead, self] = await Promise.all([
      other.refused("pipelines:diff", "--app", "flask-example"),
      other.refused("pipelines:promote", "--app", LIVE),
      shop.refused("pipelines:promote", "--to", "flask-example"),
    ]);
    assert.match(diff.errors, /flask-example does not seem to be connected to GitHub!/);
    assert.match(ahead.errors, /Cannot promote flask-live from 'production' stage/);
    assert.match(self.errors, /Cannot promote from an app to itself/);
  });

  await t.test("pipelines: rename, remove, destroy; the apps stay", async () => {
    await other.heroku("pipelines:rename", "flask", "django");
    await other.heroku("pipelines:remove", "--app", LIVE);
    await other.heroku("pipelines:destroy", "django");
    assert.doesNotMatch((await other.heroku("pipelines")).output, /django/);
    assert.equal((await platform.fetch(LIVE)).body, "Hello, World!");
    await other.heroku("apps:destroy", "--app", LIVE, "--confirm", LIVE);
    const kept = await image("flask-example");
    assert.ok((await platform.docker.getImage(kept).inspect()).Id, "the image is another app's still");
  });
}
