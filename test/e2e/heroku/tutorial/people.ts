import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { newAccount } from "../../../support/account.ts";
import { type HerokuUser, herokuUser } from "../../../support/heroku/user.ts";
import type { Part, Scene } from "./scene.ts";

const EMAIL = "bob@example.com";

/** Somebody else: invited, without any app, let into one, and out again; and tokens for scripts. */
export const people: Part = async (t, scene) => {
  const { ann } = scene;
  const app = ["-a", "flask-example"];

  await t.test("access: what is not shared is not there, what is shared can be used but not given away", async () => {
    const bob = await secondUser(scene);
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

/** Somebody with an account, whose token is where the official command line looks for it. */
async function secondUser({ platform, recorder }: Scene): Promise<HerokuUser> {
  const [{ token }, bob] = await Promise.all([newAccount(platform, EMAIL), herokuUser(platform, "bob", recorder.port)]);
  const netrc = join(bob.home, ".netrc");
  await writeFile(netrc, `machine 127.0.0.1:${recorder.port}\n  login ${EMAIL}\n  password ${token}\n`);
  await chmod(netrc, 0o600);
  return bob;
}
