import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { certificateFor, type Pair } from "../../../support/certificate.ts";
import type { HerokuUser } from "../../../support/heroku/user.ts";
import { get } from "../../../support/http.ts";
import type { Scene } from "./scene.ts";

/** What an app is, who may change it, where it is reached, where its log goes. */
export async function settings(t: TestContext, { platform, recorder, email }: Scene, shop: HerokuUser): Promise<void> {
  const other = shop.in(shop.home);
  const at = (...args: string[]) => other.heroku(...args, "-a", "flask-example");

  await t.test("apps:info, features, access, buildpacks, regions, stacks", async () => {
    const [info, features, access, buildpacks, regions, stacks] = await Promise.all([
      at("apps:info"),
      at("features"),
      at("access"),
      at("buildpacks"),
      other.heroku("regions"),
      at("apps:stacks"),
    ]);
    assert.match(info.output, /^=== (?:⬢ )?flask-example$/m);
    assert.match(info.output, new RegExp(`Git URL: +https://127\\.0\\.0\\.1:${recorder.port}/flask-example\\.git`));
    assert.match(info.output, new RegExp(`Owner: +${email}`));
    assert.match(info.output, /Dynos: +web: 1/);
    assert.match(features.output, /=== App Features (?:⬢ )?flask-example/);
    assert.match(access.output, new RegExp(`${email} +owner`));
    assert.match(buildpacks.output, /python/i);
    assert.match(regions.output, /local/);
    assert.match(stacks.output, /dynoform/);
  });

  await t.test("domains", async () => {
    const added = await at("domains:add", "www.shop.test");
    assert.match(added.errors, /Adding www\.shop\.test to (?:⬢ )?flask-example\.\.\. done/);
    const answer = await get({ host: "www.shop.test", port: platform.ports.web, path: "/" });
    assert.equal(answer.body, "Hello, Ada & Co!");
    assert.match((await at("domains")).output, /www\.shop\.test/);
    await at("domains:remove", "www.shop.test");
    assert.equal((await get({ host: "www.shop.test", port: platform.ports.web, path: "/" })).status, 404);
  });

  await t.test("certificates", async () => {
    const [first, second] = [await certificateFor(["*.shop.test"]), await certificateFor(["secure.shop.test"])];
    const written = async (pair: Pair) => {
      await writeFile(join(shop.home, "shop.crt"), pair.chain);
      await writeFile(join(shop.home, "shop.key"), pair.key, { mode: 0o600 });
      return [join(shop.home, "shop.crt"), join(shop.home, "shop.key")];
    };
    const served = ({ chain: ca }: Pair) =>
      get({ host: "secure.shop.test", port: platform.ports.https, path: "/", ca });
    assert.match((await at("certs")).output, /has no SSL certificates/);
    const added = await at("certs:add", ...(await written(first)));
    assert.match(added.output, /Common Name\(s\): +\*\.shop\.test/);
    assert.match(added.errors, /none of the domains of flask-example is one of \*\.shop\.test/);
    const [name = ""] = /[a-z]+-[a-z]+-\d{5}/.exec((await at("certs")).output) ?? assert.fail("no name");
    await at("domains:add", "secure.shop.test", "--cert", name);
    assert.equal((await served(first)).body, "Hello, Ada & Co!");
    assert.match((await at("domains")).output, new RegExp(`secure\\.shop\\.test .*${name}`));
    assert.match((await at("certs:info", "--show-domains")).output, /Domain\(s\): +secure\.shop\.test/);

    await at("certs:update", ...(await written(second)), "--confirm", "flask-example");
    assert.equal((await served(second)).body, "Hello, Ada & Co!");
    await at("domains:remove", "secure.shop.test");
    await at("certs:remove", "--confirm", "flask-example");
    assert.match((await at("certs")).output, /has no SSL certificates/);
    await assert.rejects(served(second));
  });

  await t.test("maintenance", async () => {
    assert.match((await at("maintenance:on")).errors, /Enabling maintenance mode for (?:⬢ )?flask-example\.\.\. done/);
    assert.equal((await platform.fetch("flask-example")).status, 503);
    assert.equal((await at("maintenance")).output, "on\n");
    await at("maintenance:off");
    assert.equal((await platform.fetch("flask-example")).status, 200);
  });

  await t.test("drains", async () => {
    const url = "syslog://127.0.0.1:10514";
    assert.match((await at("drains:add", url)).output, /Successfully added drain syslog:\/\/127\.0\.0\.1:10514/);
    assert.match((await at("drains")).output, /syslog:\/\/127\.0\.0\.1:10514 \(d\.[\w-]+\)/);
    assert.match((await at("drains:remove", url)).output, /Successfully removed drain syslog:\/\/127\.0\.0\.1:10514/);
  });

  await t.test("a verb that is not there says so in one line", async () => {
    const [webhooks, features] = await Promise.all([
      other.refused(
        ...["webhooks:add", "-a", "flask-example", "-i", "api:release", "-l", "notify"],
        ...["-u", "https://example.com/"],
      ),
      other.refused("features:enable", "-a", "flask-example", "http-session-affinity"),
    ]);
    assert.match(webhooks.errors, /Error: Webhooks /);
    assert.match(features.errors, /Enabling http-session-affinity for (?:⬢ )?flask-example\.\.\. !/);
    assert.match(features.errors, /Error: Couldn't find that app feature; there are runtime-dyno-metadata and/);
    for (const { errors } of [webhooks, features]) assert.doesNotMatch(errors, /undefined|TypeError|at .*:\d+:\d+/);
  });
}
