import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { installPackages } from "../../../../cli/setup/apt.ts";
import { answerProblems } from "../../../support/heroku/answers.ts";
import type { Scene } from "./scene.ts";

const HEADERS = ["Accept: application/vnd.heroku+json; version=3", "Content-Type: application/json"];

/** As Heroku's documents of the API have it. */
export async function curling(t: TestContext, { platform, ann, email }: Scene): Promise<void> {
  await t.test("an app's whole life by curl, with a token in a netrc file", async () => {
    if (!existsSync("/usr/bin/curl")) await installPackages(["curl"], () => {});
    const token = (await ann.heroku("authorizations:create", "--description", "curl", "--short")).output.trim();
    // In ~/.netrc the command line has the port with the host, which curl does not understand.
    const netrc = join(ann.home, "netrc-of-curl");
    await writeFile(netrc, `machine 127.0.0.1 login ${email} password ${token}\n`, { mode: 0o600 });
    const common = ["curl", "--silent", "--show-error", "--netrc-file", netrc, "--write-out", "\n%{http_code}"];

    /** @returns the answer, which is as Heroku publishes it */
    const curl = async (method: string, path: string, sent?: object) => {
      const argv = [...common, ...HEADERS.flatMap((header) => ["--header", header]), "--request", method];
      if (sent !== undefined) argv.push("--data", JSON.stringify(sent));
      const done = await ann.run(...argv, `http://127.0.0.1:${platform.ports.api}${path}`);
      assert.equal(done.exitCode, 0, done.errors);
      const [, text = "", code] = /^(.*)\n(\d+)$/s.exec(done.output) ?? [];
      const [status, body] = [Number(code), JSON.parse(text)];
      assert.deepEqual(answerProblems(method, path, status, body), [], text);
      return { status, body };
    };

    assert.equal((await curl("GET", "/account")).body.email, email);
    assert.equal((await curl("POST", "/apps", { name: "curled" })).status, 201);
    assert.equal((await curl("POST", "/apps", { name: "curled" })).status, 422);
    const vars = { QUOTES: `'"$(id)\n` };
    assert.deepEqual((await curl("PATCH", "/apps/curled/config-vars", vars)).body, vars);
    assert.equal((await curl("GET", "/apps/curled/releases")).body.length, 2);
    const domain = { hostname: "curled.test", sni_endpoint: null };
    assert.equal((await curl("POST", "/apps/curled/domains", domain)).status, 201);
    assert.equal((await curl("PATCH", "/apps/curled", { maintenance: true })).body.maintenance, true);
    assert.equal((await curl("DELETE", "/apps/curled/domains/curled.test")).status, 200);
    assert.equal((await curl("DELETE", "/apps/curled")).body.name, "curled");
    assert.equal((await curl("GET", "/apps/curled")).status, 404);
  });
}
