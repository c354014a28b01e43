import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Part } from "./scene.ts";

export const login: Part = async (t, { ann, email, password, recorder }) => {
  await t.test("login -i, whoami, a wrong password", async () => {
    using wrong = ann.terminal("login", "--interactive");
    await wrong.shows(/Email/);
    wrong.type(`${email}\r`);
    await wrong.shows(/Password/);
    wrong.type("not-the-password\r");
    assert.equal(await wrong.ended, 2);
    assert.match(wrong.shown(), /Error: Invalid credentials provided\./);

    using right = ann.terminal("login", "--interactive");
    await right.shows(/Email/);
    right.type(`${email}\r`);
    await right.shows(/Password/);
    right.type(`${password}\r`);
    assert.equal(await right.ended, 0, right.shown());
    assert.match(right.shown(), new RegExp(`Logged in as ${email}`));
    assert.doesNotMatch(right.shown(), new RegExp(password));
    assert.equal((await ann.heroku("auth:whoami")).output, `${email}\n`);
    const netrc = await readFile(join(ann.home, ".netrc"), "utf8");
    assert.match(netrc, new RegExp(`machine 127\\.0\\.0\\.1:${recorder.port}\\n +login ${email}`));
  });
};
