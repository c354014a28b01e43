import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FormBrowser } from "../../../support/heroku/form-browser.ts";
import { until } from "../../../support/until.ts";
import type { Part } from "./scene.ts";

/** By browser and by password, and out again. Logged in at the end. */
export const login: Part = async (t, { ann, email, password, recorder }) => {
  await t.test("login: a browser lets the command line in", async () => {
    using asking = ann.terminal("login");
    await asking.shows(/Press any key to open up the browser to login or q to exit/);
    asking.type("\r");
    const [, address = ""] = await asking.shows(/Opening browser to (\S+)\s/);
    await asking.shows(/Waiting for login/);
    await until("a browser was opened", async () => (await ann.opened()).includes(address));
    const browser = new FormBrowser();
    const asked = await browser.submit(await browser.open(address), { email, password });
    assert.equal(asked.status, 200, asked.text);
    const done = await browser.submit(asked, { decision: "approve" });
    assert.match(done.text, /Logged in/);
    assert.equal(await asking.ended, 0, asking.shown());
    assert.match(asking.shown(), new RegExp(`Logging in\\.\\.\\. done\\s+Logged in as ${email}`));
  });

  await t.test("auth:whoami, auth:token, logout", async () => {
    const [who, token] = await Promise.all([ann.heroku("auth:whoami"), ann.heroku("auth:token")]);
    assert.equal(who.output, `${email}\n`);
    const authorization = `Bearer ${token.output.trim()}`;
    const account = () => fetch(`http://127.0.0.1:${recorder.port}/account`, { headers: { authorization } });
    assert.equal((await account()).status, 200);
    assert.match((await ann.heroku("logout")).errors, /Logging out\.\.\. done/);
    assert.equal((await account()).status, 401, "the token is over");
    assert.match((await ann.refused("auth:whoami")).errors, /not logged in/);
  });

  await t.test("login -i: a wrong password, and the right one", async () => {
    const log = async (typed: string) => {
      using asking = ann.terminal("login", "--interactive");
      await asking.shows(/Email/);
      asking.type(`${email}\r`);
      await asking.shows(/Password/);
      asking.type(`${typed}\r`);
      return { exitCode: await asking.ended, shown: asking.shown() };
    };
    const [wrong, right] = await Promise.all([log("not-the-password"), log(password)]);
    assert.equal(wrong.exitCode, 2);
    assert.match(wrong.shown, /Error: Invalid credentials provided\./);
    assert.equal(right.exitCode, 0, right.shown);
    assert.match(right.shown, new RegExp(`Logged in as ${email}`));
    assert.ok(!right.shown.includes(password));
    const netrc = await readFile(join(ann.home, ".netrc"), "utf8");
    assert.match(netrc, new RegExp(`machine 127\\.0\\.0\\.1:${recorder.port}\\n +login ${email}`));
  });
};
