import assert from "node:assert/strict";
import { test } from "node:test";
import { type TestPlatform, testPlatform } from "../support/platform.ts";
import { simpleApp } from "../support/simple-app.ts";

type Files = Readonly<Record<string, string>>;

/** What is wrong, and what the `up` must say about it. */
const failures: readonly { readonly what: string; readonly files: Files; readonly says: RegExp }[] = [
  {
    what: "crashes at start",
    files: { Procfile: 'web: echo "no licence found" && exit 7\n' },
    says: /web\.1 .*exited 3 times[\s\S]*no licence found/,
  },
  {
    what: "has requirements that cannot be had",
    files: { "requirements.txt": "no-such-package-of-dynoform==1.0\n" },
    says: /no-such-package-of-dynoform/,
  },
  { what: "has a syntax error in its Procfile", files: { Procfile: "web uwsgi uwsgi.ini\n" }, says: /Procfile/ },
  {
    what: "never binds $PORT",
    files: { Procfile: "web: echo waiting && sleep 600\n" },
    says: /web\.1 .*\$PORT[\s\S]*waiting/,
  },
  {
    what: "has an import error, with which uWSGI answers 500 to everything",
    files: { "run.py": "import no_such_module\n" },
    says: /web\.1 .*500[\s\S]*no_such_module/,
  },
];

test("a release that fails leaves the old one serving, and the next good one repairs all", async (t) => {
  await using platform = await testPlatform();
  await simpleApp(platform, "sick", { "run.py": app("good") });
  // The shortest time in which a healthy dyno surely answers: only one of these failures has to wait for its end.
  await platform.app("sick", { source: { path: "apps/sick" }, healthCheck: { type: "http", path: "/", timeout: 15 } });
  await platform.up();
  assert.equal(await answer(platform), "good");
  const before = await services(platform);

  for (const { what, files, says } of failures) {
    await t.test(what, async () => {
      await simpleApp(platform, "sick", { "run.py": app("bad"), ...files });
      const failed = await platform.pulumi("up", "-s", "sick", "--yes");
      assert.notEqual(failed.exitCode, 0, failed.output);
      assert.match(failed.output, says);
      assert.doesNotMatch(failed.output, /^\s+at .*:\d+:\d+\)?$/m, "no stack trace");
      assert.equal(await answer(platform), "good");
    });
  }

  await t.test("the next good up", async () => {
    await simpleApp(platform, "sick", { "run.py": app("better") });
    await platform.up("sick");
    assert.equal(await answer(platform), "better");
    const after = await services(platform);
    assert.equal(after.length, 1);
    assert.notDeepEqual(after, before);
  });

  await t.test("back to what ran before the failures", async () => {
    await simpleApp(platform, "sick", { "run.py": app("good") });
    await platform.up("sick");
    assert.equal(await answer(platform), "good");
    assert.deepEqual(await services(platform), before);
  });
});

function app(says: string): string {
  return `def app(environ, start_response):\n    start_response("200 OK", [("Content-Type", "text/plain")])\n    return [b"${says}"]\n`;
}

async function answer(platform: TestPlatform): Promise<string> {
  const { status, body } = await platform.fetch("sick");
  assert.equal(status, 200, body);
  return body;
}

async function services(platform: TestPlatform): Promise<string[]> {
  const list = await platform.docker.listServices({ filters: { label: [`dynoform.platform=${platform.name}`] } });
  return list.map((service) => service.Spec?.Name ?? "").sort();
}
