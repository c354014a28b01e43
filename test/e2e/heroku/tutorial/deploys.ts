import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type HerokuUser, repository } from "../../../support/heroku/user.ts";
import { until } from "../../../support/until.ts";
import { FLASK_APP, UWSGI_APP } from "./apps.ts";
import type { Scene } from "./scene.ts";

/** Two apps of tutorials, from nothing to their pages. Gives the repository of the first. */
export async function deploys(t: TestContext, scene: Scene): Promise<HerokuUser> {
  const { ann, platform, recorder } = scene;
  const shop = await repository(ann, "flask-example", FLASK_APP);
  const origin = `https://127.0.0.1:${recorder.port}`;
  const url = `http://flask-example.localhost:${platform.ports.web}/`;

  await t.test("apps:create: a name, none, and one that is taken", async () => {
    assert.equal((await ann.heroku("apps")).output, "You have no apps.\n");
    const { output, errors } = await shop.heroku("apps:create", "flask-example");
    assert.match(errors, /Creating flask-example\.\.\. done/);
    assert.equal(output, `${url} | ${origin}/flask-example.git\n`);
    assert.match((await shop.git("remote", "--verbose")).output, new RegExp(`heroku\\s+${origin}/flask-example\\.git`));
    const [any, taken, strange] = await Promise.all([
      ann.heroku("apps:create"),
      ann.refused("apps:create", "flask-example"),
      ann.refused("apps:create", "No_Such.Name"),
    ]);
    const [, name = ""] = /Creating app\.\.\. done, (?:⬢ )?([a-z]+-[a-z]+-\d{5})/.exec(any.errors) ?? [];
    assert.notEqual(name, "", any.errors);
    assert.match(any.output, new RegExp(`^http://${name}\\.localhost:\\d+/ \\| ${origin}/${name}\\.git\\n$`));
    assert.match(taken.errors, /Error: Name flask-example is already taken/);
    assert.match(strange.errors, /Error: Name must start with a letter/);
    const apps = ["flask-example", name].sort().map((each) => `${each} (local)`);
    const listed = await ann.heroku("apps");
    assert.equal(listed.output, `=== ${scene.email} Apps\n\n${apps.join("\n")}\n`);
    assert.match(
      (await ann.heroku("apps:destroy", name, "--confirm", name)).errors,
      new RegExp(`Destroying (?:⬢ )?${name} \\(including all add-ons\\)\\.\\.\\. done`),
    );
  });

  await t.test("the welcome page", async () => {
    assert.match((await platform.fetch("flask-example")).body, /Welcome to your new app!/);
  });

  await t.test("git push: flask, gunicorn, Procfile, runtime.txt and Pipfile", async () => {
    const { errors } = await shop.git("push", "heroku", "main");
    assert.match(errors, /remote: -----> Building flask-example: a Python app/);
    assert.match(errors, /remote: -----> Launching\.\.\.\s+remote: {8}Released v\d+/);
    assert.ok(errors.includes(`${url} deployed to Dynoform`), errors);
    assert.match(errors, /remote: Verifying deploy\.\.\. done\./);
    assert.equal((await platform.fetch("flask-example")).body, "Hello, World!");
  });

  await t.test("open", async () => {
    assert.equal((await shop.heroku("open")).output, `Opening ${url}...\n`);
    // It does not wait for the browser.
    await until("it is told to the browser", async () => (await ann.opened()).includes(url));
  });

  await t.test("git push: uwsgi.ini, and requirements of its own", async () => {
    const other = await repository(ann, "uwsgi-example", UWSGI_APP);
    await other.heroku("create", "uwsgi-example");
    await other.git("push", "heroku", "main");
    assert.match((await platform.fetch("uwsgi-example")).body, /Hello from uWSGI/);
  });

  await t.test("a push that does not come up is refused", async () => {
    await writeFile(join(shop.work, "Procfile"), "web: gunicorn nothing:app\n");
    await shop.git("commit", "--all", "--quiet", "--message", "Broken");
    const { exitCode, errors } = await shop.run("git", "push", "heroku", "main");
    assert.notEqual(exitCode, 0, errors);
    assert.match(errors, /! \[remote rejected\] main -> main/);
    assert.equal((await platform.fetch("flask-example")).body, "Hello, World!");
    await shop.git("reset", "--quiet", "--hard", "HEAD~1");
  });
  return shop;
}
