import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { ResourceState, Snapshot } from "../../../engine/src/deploy/types.ts";
import { CheckpointCodec, type Deployment, parseCheckpoint, saltOf } from "../../../engine/src/state/checkpoint.ts";
import { contradictionOf } from "../../../engine/src/state/integrity.ts";
import { PassphraseManager } from "../../../engine/src/state/passphrase.ts";
import type { RawResource } from "../../../engine/src/state/resource-json.ts";
import { Archive, Asset, ResourceReference, Secret, Unknown } from "../../../engine/src/values/values.ts";

const fixtures = new URL("../../fixtures/", import.meta.url);
const golden = readFileSync(new URL("pulumi/checkpoint-dev.txt", fixtures), "utf8");
const salt = saltOf(parseCheckpoint(golden).deployment) ?? "";
const opened = new PassphraseManager(salt, async () => "test");
const locked = () => new PassphraseManager(salt, () => Promise.reject(new Error("the key was asked for")));

const withoutManifest = (text: string) => text.replace(/"manifest":\{[^}]*\}/, "");

function resource(more: Partial<ResourceState> = {}): ResourceState {
  return { urn: "urn:pulumi:s::p::a:b:C::n", custom: false, type: "a:b:C", inputs: {}, outputs: {}, ...more };
}

function snapshot(...resources: ResourceState[]): Snapshot {
  return { resources, pendingOperations: [] };
}

describe("the checkpoint that the real CLI wrote", () => {
  test("comes out as it went in, byte by byte but for the manifest", async () => {
    const codec = new CheckpointCodec("organization/bench/dev", opened);
    const { deployment } = parseCheckpoint(golden);
    const read = await codec.decode(deployment);
    assert.equal(withoutManifest(await codec.encode(read)), withoutManifest(golden));
  });

  test("has values, secrets among them", async () => {
    const read = await new CheckpointCodec("", opened).decode(parseCheckpoint(golden).deployment);
    assert.equal(read.resources.length, 6);
    const [stack, , provider, first] = read.resources;
    assert.deepEqual(stack?.outputs.hidden, new Secret("s3cr3t"));
    assert.deepEqual(stack?.outputs.obj, { a: 1, b: [true, null, "x"] });
    assert.deepEqual(provider?.inputs["bench:tok"], new Secret("hunter2"));
    assert.equal(first?.id, "b94ad464");
    assert.deepEqual(first?.propertyDependencies, { __provider: [], length: [], secretNote: [] });
  });

  test("passes the check of its integrity, and fails it when something is taken out or changed", () => {
    const read = () => parseCheckpoint(golden).deployment as Deployment;
    assert.equal(contradictionOf(read()), undefined);
    const without = (index: number): Deployment => ({
      ...read(),
      resources: read().resources?.toSpliced(index, 1) ?? [],
    });
    assert.match(contradictionOf(without(0)) ?? "", /refers to missing parent/);
    assert.match(contradictionOf(without(2)) ?? "", /refers to unknown provider/);
    assert.match(contradictionOf(without(3)) ?? "", /refers to missing dependency/);
    const twice = read();
    twice.resources?.push(...(twice.resources.slice(1, 2) as RawResource[]));
    assert.match(contradictionOf(twice) ?? "", /duplicate resource/);
    const tampered = { ...read(), manifest: { ...read().manifest, magic: "0" } };
    assert.match(contradictionOf(tampered) ?? "", /magic cookie mismatch/);
  });
});

test("states of the docker and postgresql plugins come out as they went in", async () => {
  for (const file of ["docker-states.json", "postgresql-states.json"]) {
    const text = readFileSync(new URL(file, fixtures), "utf8");
    const found: RawResource[] = [];
    JSON.parse(text, (_key, value) => {
      if (typeof value?.type === "string" && typeof value?.outputs === "object") {
        found.push({ urn: `urn:pulumi:s::p::${value.type}::r${found.length}`, custom: true, ...value });
      }
      return value;
    });
    assert.ok(found.length >= 4);
    const deployment: Deployment = { manifest: { time: "", magic: "", version: "" }, resources: found };
    const codec = new CheckpointCodec("organization/p/s", undefined);
    const written = parseCheckpoint(await codec.encode(await codec.decode(deployment))).deployment;
    assert.deepEqual(written?.resources, found);
  }
});

describe("secrets", () => {
  test("an unchanged one keeps its ciphertext, in a new resource object too; a changed one gets a new one", async () => {
    const codec = new CheckpointCodec("organization/bench/dev", opened);
    const read = await codec.decode(parseCheckpoint(golden).deployment);
    const copies = read.resources.map((state) => structuredCopy(state));
    assert.equal(withoutManifest(await codec.encode(snapshot(...copies))), withoutManifest(golden));
    const [stack, ...others] = copies;
    const changed = { ...stack, outputs: { ...stack?.outputs, hidden: new Secret("other") } } as ResourceState;
    const text = await codec.encode(snapshot(changed, ...others));
    assert.ok(!text.includes("v1:khlEwVtaf8DMQw9q"), "the old ciphertext is gone");
    assert.ok(text.includes("v1:9l4+e0TMhyrjnufO"), "others stay");
    assert.ok(!text.includes("other"), "nothing is in clear");
    const again = await new CheckpointCodec("", opened).decode(parseCheckpoint(text).deployment);
    assert.deepEqual(again.resources[0]?.outputs.hidden, new Secret("other"));
  });

  test("without any the key is not derived", async () => {
    const codec = new CheckpointCodec("organization/p/s", locked());
    const text = await codec.encode(snapshot(resource({ inputs: { plain: 1 } })));
    await codec.decode(parseCheckpoint(text).deployment);
    assert.ok(text.includes(`"secrets_providers":{"type":"passphrase","state":{"salt":"${salt}"}}`));
    await assert.rejects(codec.encode(snapshot(resource({ inputs: { s: new Secret(1) } }))), /the key was asked for/);
  });
});

test("every kind of value survives", async () => {
  const values = {
    none: null,
    list: [1, "two", [true]],
    number: Number.NaN,
    infinite: Number.NEGATIVE_INFINITY,
    unknown: Unknown.value,
    text: new Asset({ text: "hello" }, "abc"),
    file: new Asset({ path: "./a" }),
    folder: new Archive({ path: "./b" }, "def"),
    assets: new Archive({ assets: { one: new Asset({ uri: "https://example.com" }) } }),
    component: new ResourceReference("urn:pulumi:s::p::a:b:C::n", undefined),
    reference: new ResourceReference("urn:pulumi:s::p::a:b:C::n", "id", "1.0.0"),
    secret: new Secret({ nested: [new Secret("inner")], html: "<&>" }),
    "10": "a number as a key",
  };
  const codec = new CheckpointCodec("organization/p/s", opened);
  const text = await codec.encode(snapshot(resource({ inputs: values })));
  const read = await new CheckpointCodec("", opened).decode(parseCheckpoint(text).deployment);
  assert.deepEqual(read.resources[0]?.inputs, values);
});

test("every key of a resource survives, and those that need it make it version 4", async () => {
  const full = resource({
    custom: true,
    id: "1",
    delete: true,
    parent: "urn:pulumi:s::p::a:b:C::parent",
    protect: true,
    initErrors: ["not ready"],
    customTimeouts: { create: 300 },
    replaceWith: ["urn:pulumi:s::p::a:b:C::other"],
    replacementTrigger: new Secret("t"),
    resourceHooks: { beforeCreate: ["hook"] },
    stackTrace: [{}, { sourcePosition: "project:///a.ts#1,2" }],
    rest: { taint: true, somethingNew: { a: 1 } },
  });
  const codec = new CheckpointCodec("organization/p/s", opened);
  const text = await codec.encode({ resources: [full], pendingOperations: [{ type: "creating", resource: full }] });
  const parsed = parseCheckpoint(text);
  assert.equal(parsed.version, 4);
  assert.deepEqual(parsed.features, ["hooks", "replaceWith", "taint"]);
  const read = await new CheckpointCodec("", opened).decode(parsed.deployment);
  assert.deepEqual(read.resources[0], full);
  assert.deepEqual(read.pendingOperations, [{ type: "creating", resource: full }]);
});

test("what this engine would lose is refused", () => {
  const file = (version: number, features: string[] = []) =>
    JSON.stringify({ version, features, checkpoint: { stack: "s", latest: { manifest: {}, metadata: {} } } });
  assert.throws(() => parseCheckpoint(file(5)), /version is too new \(5\)/);
  assert.throws(() => parseCheckpoint(file(2)), /too old/);
  assert.throws(() => parseCheckpoint(file(4, ["byteString"])), /needs support for the following features: byteString/);
  assert.equal(parseCheckpoint('{"version":0,"checkpoint":{"stack":"s"}}').deployment, undefined);
  const cloud = { manifest: { time: "", magic: "", version: "" }, secrets_providers: { type: "service" } };
  assert.throws(() => saltOf(cloud), /secrets provider is 'service'/);
});

test("saving after one step encodes one resource", async () => {
  const encoded: string[] = [];
  const counted = (urn: string): ResourceState => ({
    ...resource({ urn }),
    get inputs() {
      encoded.push(urn);
      return {};
    },
  });
  const codec = new CheckpointCodec("organization/p/s", undefined);
  const states = ["a", "b", "c"].map(counted);
  await codec.encode(snapshot(...states));
  encoded.length = 0;
  await codec.encode({
    resources: [...states.slice(1), counted("new")],
    pendingOperations: [{ type: "deleting", resource: states[0] as ResourceState }],
  });
  assert.deepEqual([...new Set(encoded)], ["new"]);
});

function structuredCopy(state: ResourceState): ResourceState {
  return { ...state, inputs: { ...state.inputs }, outputs: { ...state.outputs } };
}
