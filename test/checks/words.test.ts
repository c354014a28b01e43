/** What is said in one place only, and how. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { packageRoot } from "../../lib/package-root.ts";
import { unitless } from "./house/times.ts";

/** Our own modules, those of tests, benches and examples excepted, by their paths. */
const texts = new Map<string, string>();

before(() => {
  const listing = execFileSync("git", ["ls-files", "-z", "*.ts"], { cwd: packageRoot(), encoding: "utf8" });
  for (const path of listing.split("\0")) {
    if (path === "" || /^(test|bench|examples|docs|engine\/examples)\//.test(path)) continue;
    texts.set(path, readFileSync(join(packageRoot(), path), "utf8"));
  }
  assert.ok(texts.size > 500);
});

test("a constant of time says its unit", () => {
  const found = [...texts].flatMap(([path, text]) => unitless(text).map((name) => `${path}: ${name}`));
  assert.deepEqual(found, []);
});

test("a constant of time without a unit is found, by its comment and by its use", () => {
  assert.deepEqual(unitless("/** Milliseconds. */\nconst PATIENCE = 30_000;"), ["PATIENCE"]);
  assert.deepEqual(unitless("/** How long it may take, in seconds. */\nexport const LIMIT = 2 * 60;"), ["LIMIT"]);
  assert.deepEqual(unitless("const LOOK = 100;\nawait sleep(LOOK);"), ["LOOK"]);
  assert.deepEqual(unitless("const GRACE = 100;\nconst timer = setTimeout(() => end(), GRACE);"), ["GRACE"]);
  assert.deepEqual(unitless("/** Milliseconds. */\nconst PATIENCE_MS = 30_000;\nawait sleep(PATIENCE_MS);"), []);
  assert.deepEqual(unitless("/** Lines that are kept for some seconds. */\nconst LINES = 30;"), []);
});

test("the keys of stack files are written in model/ only", () => {
  // In sentences for people they stand as people write them.
  const key = /(?<![`.\w-])"dynoform:(app|platform|github|config|key|certificates|github-auth)"/;
  const found = [...texts].filter(([path, text]) => !path.startsWith("model/") && key.test(text)).map(([path]) => path);
  assert.deepEqual(found, []);
});

/** Where words of others have to be read, because nothing else says it. */
const READERS: Readonly<Record<string, string>> = {
  "services/stacks/reasons.ts": "the one place that reads what Pulumi prints",
  "lib/errors.ts": "Docker answers 500 to an update that lost a race",
  "infra/platform/connection.ts": "a program is told of a stack that is not there by gRPC, without a code",
  "infra/github/at-gitea.ts": "an invoke gives its status in a sentence",
  "lib/gitea.ts": "fetch tells by a name that its signal ended it",
  "infra/github/look-up.ts": "GitHub's plugin gives its status in a sentence",
  "services/control-plane/github/worker/fetch.ts": "git gives its reason in sentences",
  "services/control-plane/github/forge/problems.ts": "GitHub's second kind of rate limit has no header",
  "services/control-plane/deploys/archive.ts": "tar-stream's errors have no code",
};

test("no error is known by its message, but where others' words have to be read", () => {
  const recognised =
    /(error|cause|failure|reason)(\.message|\.name)?\.(includes|startsWith|match)\(|\.test\(((String|messageOf)\()?(error|cause|said|reason|message)\b|error\.name [!=]==/;
  const found = [...texts]
    .filter(([path, text]) => !path.startsWith("engine/") && !(path in READERS) && recognised.test(text))
    .map(([path, text]) => `${path}: ${text.split("\n").find((line) => recognised.test(line))}`);
  assert.deepEqual(found, []);
});
