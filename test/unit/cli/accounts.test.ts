import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { secondsOf } from "../../../cli/commands/token.ts";
import { firstAdmin } from "../../../cli/first-admin.ts";
import { packageRoot } from "../../../lib/package-root.ts";
import { findProject, platformsOf, readStackFiles } from "../../../model/stack/project.ts";
import { finish } from "../../support/process.ts";
import { ask, type Served, serve, TOKEN } from "../control-plane/api/served.ts";

let served: Served;
let folder: string;

/** A project whose platform is the server of the tests. */
before(async () => {
  served = await serve();
  folder = await mkdtemp(join(tmpdir(), "accounts-"));
  const directory = join(folder, "run");
  await mkdir(join(directory, "control"), { recursive: true });
  await writeFile(join(directory, "control", "token"), `${TOKEN}\n`, { mode: 0o600 });
  await writeFile(join(folder, "Pulumi.yaml"), "name: shop\nruntime: nodejs\n");
  const settings = JSON.stringify({ name: "test", directory, ports: { api: served.port } });
  await writeFile(join(folder, "Pulumi.platform.yaml"), `config:\n  dynoform:platform: ${settings}\n`);
});
after(async () => {
  await served?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function dynoform(...args: readonly string[]) {
  return finish([process.execPath, join(packageRoot(), "cli", "main.ts"), ...args], folder);
}

test("a token is fresh at each call, named, and expires", async () => {
  const [first, second] = [await dynoform("token"), await dynoform("token", "--name", "ci", "--expires", "never")];
  for (const { exitCode, output } of [first, second]) {
    assert.equal(exitCode, 0, output);
    assert.match(output, /^dynoform_[\w-]{43}\n$/);
    assert.notEqual(output.trim(), TOKEN);
    const headers = { authorization: `Bearer ${output.trim()}` };
    assert.equal((await ask(served.port, "GET", "/account", undefined, headers)).body.email, "me@example.com");
  }
  assert.notEqual(first.output, second.output);
  const { body } = await served.ask("GET", "/oauth/authorizations");
  assert.match(body[0].description, /^dynoform token on /);
  assert.ok(body[0].access_token.expires_in > 29 * 86_400);
  assert.deepEqual([body[1].description, body[1].access_token.expires_in], ["ci", null]);
  const wrong = await dynoform("token", "--expires", "soon");
  assert.deepEqual(
    [wrong.exitCode, wrong.output],
    [1, "error: --expires soon is no time: use e.g. 3600, 12h, 30d or never.\n"],
  );
});

test("times are seconds, or numbers of a unit", () => {
  assert.deepEqual(["90", "90s", "2m", "12h", "30d", "never"].map(secondsOf), [90, 90, 120, 43_200, 2_592_000, null]);
  for (const text of ["", "0", "-1", "1.5h", "1w", "1 d", "9999999999"])
    assert.throws(() => secondsOf(text), /no time/);
});

test("an invitation is a link, for members unless it says otherwise", async () => {
  const { exitCode, output } = await dynoform("invite", "ada@example.com", "--role", "admin");
  assert.equal(exitCode, 0, output);
  const secret = new URL(output.trim()).pathname.split("/").at(-1) ?? "";
  assert.equal(served.accounts.invitations.of(secret)?.role, "admin");
  assert.match((await dynoform("invite")).output, /^error: say whom/);
  assert.match((await dynoform("invite", "ada")).output, /^error: "ada" is no e-mail address\.\n$/);
  assert.match((await dynoform("invite", "ada@example.com", "--role", "root")).output, /^error: role must be/);
});

test("the first admin's password is told once", async () => {
  const [platform] = platformsOf(await readStackFiles(await findProject(folder)));
  assert.ok(platform !== undefined);
  const says = await firstAdmin(platform);
  const [, password = ""] = /^test has a new admin;.*\n +e-mail +me@example\.com\n +password +(\S+)\n/.exec(says) ?? [];
  const authorization = `Basic ${Buffer.from(`me@example.com:${password}`).toString("base64")}`;
  assert.equal((await ask(served.port, "POST", "/oauth/authorizations", {}, { authorization })).status, 201);
  assert.equal(await firstAdmin(platform), "");
});
