import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type HerokuUser, herokuUser } from "../../../support/heroku/user.ts";
import type { Part, Scene } from "./scene.ts";

const EMAIL = "bob@example.com";
const PASSWORD = "correct horse battery";

/** Somebody else: invited, without any app, let into one, and out again; and tokens for scripts. */
export const people: Part = async (t, scene) => {
  const { ann } = scene;
  const app = ["-a", "flask-example"];

  await t.test("access: what is not shared is not there, what is shared can be used but not given away", async () => {
    const bob = await accept(scene);
    const [none, unknown] = await Promise.all([bob.heroku("apps"), bob.refused("apps:info", ...app)]);
    assert.equal(none.output, "You have no apps.\n");
    assert.match(unknown.errors, /Error: Couldn't find that app\./);

    const added = await ann.heroku("access:add", EMAIL, ...app);
    assert.match(added.errors, /Adding bob@example\.com access to the app (?:⬢ )?flask-example\.\.\. done/);
    const [apps, access, config, destroyed] = await Promise.all([
      bob.heroku("apps"),
      bob.heroku("access", ...app),
      bob.heroku("config", ...app),
      bob.refused("apps:destroy", ...app, "--confirm", "flask-example"),
    ]);
    assert.match(apps.output, /Collaborated Apps.*flask-example/s);
    assert.match(access.output, /bob@example\.com +collaborator/);
    assert.match(config.output, /GREETING: +/);
    assert.match(destroyed.errors, /Error: Only the owner of flask-example may do that\./);

    const removed = await ann.heroku("access:remove", EMAIL, ...app);
    assert.match(removed.errors, /Removing bob@example\.com access from the app (?:⬢ )?flask-example\.\.\. done/);
    assert.match((await bob.refused("config", ...app)).errors, /Error: Couldn't find that app\./);
  });

  await t.test("authorizations: made for a script, listed, revoked", async () => {
    const made = JSON.parse((await ann.heroku("authorizations:create", "-d", "a script", "--json")).output);
    const as = { authorization: `Bearer ${made.access_token.token}` };
    const account = () => fetch(`http://127.0.0.1:${scene.recorder.port}/account`, { headers: as });
    assert.equal((await account()).status, 200);
    assert.match((await ann.heroku("authorizations")).output, new RegExp(`a script +${made.id} +global`));
    await ann.heroku("authorizations:revoke", made.id);
    assert.equal((await account()).status, 401);
  });
};

/** Accepts an invitation as a browser without scripts does, and has a token where the official command line looks. */
async function accept({ platform, recorder }: Scene): Promise<HerokuUser> {
  const invited = await platform.dynoform("invite", EMAIL);
  assert.equal(invited.exitCode, 0, invited.output);
  const { pathname, origin } = new URL(invited.output.trim());
  const page = await platform.fetch("dashboard", pathname);
  const cookie = [page.headers["set-cookie"]]
    .flat()
    .map((line) => line?.split(";", 1)[0])
    .join("; ");
  const hidden = [...page.body.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
  const fields = new URLSearchParams(hidden.map(([, name = "", value = ""]): [string, string] => [name, value]));
  fields.set("password", PASSWORD);
  const accepted = await platform.fetch("dashboard", pathname, {
    method: "POST",
    headers: { cookie, origin, "content-type": "application/x-www-form-urlencoded" },
    body: String(fields),
  });
  assert.equal(accepted.status, 303, accepted.body);

  const bob = await herokuUser(platform, "bob", recorder.port);
  const basic = `Basic ${Buffer.from(`${EMAIL}:${PASSWORD}`).toString("base64")}`;
  const url = `http://127.0.0.1:${recorder.port}/oauth/authorizations`;
  const made = await fetch(url, { method: "POST", headers: { authorization: basic } });
  const { access_token } = (await made.json()) as { access_token: { token: string } };
  const netrc = join(bob.home, ".netrc");
  const machine = `machine 127.0.0.1:${recorder.port}\n  login ${EMAIL}\n  password ${access_token.token}\n`;
  await writeFile(netrc, machine);
  await chmod(netrc, 0o600);
  return bob;
}
