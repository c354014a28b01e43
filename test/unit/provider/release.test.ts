import assert from "node:assert/strict";
import { test } from "node:test";
import { Unknown } from "../../../engine/src/values/values.ts";
import { type LedgerEntry, namedConfigs, newest } from "../../../model/app/ledger.ts";
import { rollbackPlan } from "../../../model/app/rollback.ts";
import { describeChanges, type Runs } from "../../../provider/release/changes.ts";

const commit = (digit: string) => digit.repeat(40);

const ran: Runs = {
  slug: "slug-1",
  digest: "d1",
  commit: commit("1"),
  configHash: "c1",
  config: { GREETING: "hello", OLD: "x" },
  addons: { DATABASE: 1 },
};

const entry = (version: number, changes: Partial<LedgerEntry> = {}): LedgerEntry => ({
  version,
  commit: commit(String(version)),
  image: `sha256:${version}`,
  slug: `slug-${version}`,
  digest: `d${version}`,
  description: "",
  user: "me",
  createdAt: "2026-01-01T00:00:00.000Z",
  configHash: `c${version}`,
  processes: { web: "run" },
  addons: { DATABASE: 1 },
  ...changes,
});

const changes: [string, Partial<Runs>, string | undefined][] = [
  ["nothing", {}, undefined],
  ["code", { slug: "slug-2", commit: commit("2") }, "Deploy 22222222"],
  ["code that is no commit", { slug: "slug-2", digest: "abcdef0123", commit: "" }, "Deploy abcdef01"],
  ["a commit with the same files", { commit: commit("3") }, "Deploy 33333333"],
  ["a config var", { config: { GREETING: "hi", OLD: "x" } }, "Set GREETING config vars"],
  ["config vars", { config: { B: "1", A: "1", GREETING: "hello" } }, "Set A, B config vars; remove OLD config vars"],
  ["one whose value is not known yet", { config: { GREETING: Unknown.value, OLD: "x" } }, "Set GREETING config vars"],
  ["an empty one", { config: { GREETING: "", OLD: "x" } }, "Set GREETING config vars"],
  ["its version's name", { configHash: "c2" }, undefined],
  ["a new add-on", { addons: { DATABASE: 1, CACHE: 1 } }, "Attach CACHE"],
  ["an add-on less", { addons: {} }, "Detach DATABASE"],
  ["its credentials", { addons: { DATABASE: 2 } }, "Rotate DATABASE credentials"],
  ["another database under its name", { addons: { DATABASE: "postgresql d1 1" } }, "Attach DATABASE"],
  ["a lab", { labs: ["log-runtime-metrics"] }, "Enable log-runtime-metrics feature"],
  ["no source any more", { slug: "", digest: "", commit: "" }, "Remove the source"],
  [
    "much at once",
    { slug: "slug-2", commit: commit("2"), config: { GREETING: "hello" }, addons: { DATABASE: 2 } },
    "Deploy 22222222; remove OLD config vars; rotate DATABASE credentials",
  ],
  ["what ran before", { slug: "slug-0", configHash: "c0", commit: commit("0") }, "Rollback to v1"],
  ["code of before with other config vars", { slug: "slug-0", commit: commit("0") }, "Deploy 00000000"],
];
const ledger = [entry(1, { slug: "slug-0", configHash: "c0" }), entry(2, { slug: "slug-1", configHash: "c1" })];
for (const [what, change, description] of changes) {
  test(`in words: ${what}`, () => assert.equal(describeChanges(ran, { ...ran, ...change }, ledger), description));
}

test("in words: the credentials of an attached database, and another one", () => {
  const attached = (addon: string) => ({ ...ran, addons: { ORDERS: addon } });
  const before = attached("postgresql d1_0a_1");
  assert.equal(describeChanges(before, attached("postgresql d1_0a_2")), "Rotate ORDERS credentials");
  assert.equal(describeChanges(before, attached("postgresql d2_0a_1")), "Attach ORDERS");
});

test("in words: the first release", () => {
  assert.equal(describeChanges(undefined, ran), "Deploy 11111111");
  assert.equal(describeChanges(undefined, { ...ran, slug: "" }), "Initial release");
});

test("the last releases are kept, with their config vars alone", () => {
  const all = [1, 2, 3].map((version) => entry(version, { configHash: version === 3 ? "c1" : `c${version}` }));
  const kept = newest(all, 2);
  assert.deepEqual(
    kept.map(({ version }) => version),
    [2, 3],
  );
  assert.deepEqual(namedConfigs(kept, { c1: { A: "1" }, c2: { A: "2" }, c0: { A: "0" } }), {
    c1: { A: "1" },
    c2: { A: "2" },
  });
  assert.equal(newest(all, 1).length, 1);
});

test("a rollback takes the release's source and all of its config vars", () => {
  const releases = [entry(1), entry(2), entry(3)];
  assert.deepEqual(rollbackPlan(releases, { c1: { A: "1" }, c3: { B: "3" } }, 1), {
    eligible: true,
    source: { commit: commit("1") },
    config: { A: "1" },
    description: "Rollback to v1",
  });
});

test("a rollback leaves add-ons and what they set alone", () => {
  const releases = [entry(1, { addons: {} }), entry(2, { addons: { DATABASE: 1 } })];
  const plan = rollbackPlan(releases, { c1: { DATABASE_URL: "mine", A: "1" } }, 1);
  assert.deepEqual(plan.eligible && plan.config, { A: "1" });
});

test("a release without a commit can be gone back to as long as its source runs", () => {
  const releases = [entry(1, { commit: "" }), entry(2, { slug: "slug-1" })];
  const plan = rollbackPlan(releases, { c1: {} }, 1);
  assert.deepEqual(plan, { eligible: true, source: undefined, config: {}, description: "Rollback to v1" });
});

const refusals: [string, LedgerEntry[], number, string][] = [
  ["no releases", [], 1, "the app has no releases"],
  ["one too old", [entry(4), entry(5)], 3, "there is no v3; the releases that are kept are v4 to v5"],
  ["the current one", [entry(4), entry(5)], 5, "v5 is the current release"],
  ["one before the first deploy", [entry(1, { slug: "" }), entry(2)], 1, "nothing was deployed in v1"],
  [
    "one without a commit",
    [entry(1, { commit: "" }), entry(2)],
    1,
    "the source of v1 was not kept (was git missing on the machine then?), so it cannot be built",
  ],
  ["one whose config vars are lost", [entry(1), entry(2)], 1, "the config vars of v1 were not kept"],
];
for (const [what, releases, version, why] of refusals) {
  test(`no rollback: ${what}`, () => assert.deepEqual(rollbackPlan(releases, {}, version), { eligible: false, why }));
}

test("a rollback to what was promoted takes the image again, which nobody builds", () => {
  const releases = [entry(1, { promoted: true }), entry(2)];
  const plan = rollbackPlan(releases, { c1: {} }, 1);
  assert.deepEqual(plan.eligible && plan.source, { commit: commit("1"), image: "sha256:1" });
});
