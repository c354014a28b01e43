import assert from "node:assert/strict";
import { test } from "node:test";
import {
  atLeast,
  type BridgedResource,
  bool,
  defineBridgedProvider,
  int,
  list,
  map,
  object,
  oneOf,
  set,
  string,
} from "../../../engine/providers/bridge/index.ts";
import { type PropertyMap, Secret, Unknown } from "../../../engine/src/values/values.ts";
import { type Driven, drive } from "../../support/provider-driver.ts";

const TYPE = "things:index/thing:Thing";
/** What is "there": a thing by its id. */
const things = new Map<string, PropertyMap>();

const thing: BridgedResource<Map<string, PropertyMap>> = {
  properties: {
    name: string({ required: true, forceNew: true }),
    size: int({ default: 3, check: atLeast(1) }),
    colour: string({ check: oneOf("red", "blue") }),
    flag: bool({ default: false }),
    password: string({ sensitive: true }),
    tags: set("string", { tf: "tag" }),
    labels: map(),
    steps: list(),
    place: object({ street: string({ required: true }), floor: int({ default: 1 }) }, { forceNew: true }),
    parts: set({ key: string({ required: true, forceNew: true }), weight: int(), near: set() }),
    address: string({ computed: true }),
    serial: string({ output: true }),
    never: string({ unsupported: true }),
  },
  schemaVersion: 4,
  timeouts: { update: 60, create: 120 },
  check: (inputs) =>
    inputs.colour === "red" && inputs.size === 13 ? [{ property: "size", reason: "no red thing has 13" }] : [],
  async create(inputs, { client }) {
    const id = `id-${String(inputs.name)}`;
    client.set(id, { address: inputs.address ?? "somewhere", serial: "s1" });
    return id;
  },
  async read(id, _known, { client }) {
    return client.get(id);
  },
  async update({ id }, { client }) {
    client.set(id, { ...client.get(id), serial: "s2" });
  },
  async delete({ id }, { client }) {
    client.delete(id);
  },
};

const provider = defineBridgedProvider({
  name: "things",
  version: "1.0.0",
  config: { colour: string(), retries: int() },
  resources: { [TYPE]: thing },
  functions: {
    "things:index/getThing:getThing": {
      args: { id: string({ required: true }) },
      invoke: async ({ id }, client) => client.get(String(id)) ?? {},
    },
  },
  connect: () => things,
});
const driver = drive(provider);
const program = { name: "a" };

async function kinds(state: Driven, news: PropertyMap): Promise<Record<string, string>> {
  const { detailedDiff = {} } = await driver.diff(state, news);
  return Object.fromEntries(Object.entries(detailedDiff).map(([path, { kind }]) => [path, kind]));
}

test("check: defaults on every object, values in the schema's types, null as left out", async () => {
  const inputs = await driver.check(TYPE, "t", {
    name: "a",
    colour: null,
    flag: "true",
    size: "7",
    labels: { a: 1, b: true, c: null },
    tags: [1],
    place: { street: "x" },
    parts: [{ key: "k", weight: "2" }],
  });
  assert.deepEqual(inputs, {
    __defaults: [],
    name: "a",
    flag: true,
    size: 7,
    labels: { a: "1", b: "true" },
    tags: ["1"],
    place: { __defaults: ["floor"], floor: 1, street: "x" },
    parts: [{ __defaults: [], key: "k", weight: 2 }],
  });
  assert.deepEqual((await driver.check(TYPE, "t", program)).__defaults, ["size"]);
});

test("check: a name that is not given is the resource's with seven digits, and stays", async () => {
  const inputs = await driver.check(TYPE, "web", {});
  assert.match(String(inputs.name), /^web-[0-9a-f]{7}$/);
  assert.deepEqual(inputs.__defaults, ["name", "size"]);
  assert.equal((await driver.check(TYPE, "web", {}, inputs)).name, inputs.name);
  assert.notEqual((await driver.check(TYPE, "web", {})).name, inputs.name);
});

test("check: every mistake is a line that names the property and no value", async () => {
  const mistakes: [PropertyMap, RegExp][] = [
    [{ ...program, nmae: "x" }, /^nmae: .* has no such property; it has address, colour,/],
    [{ ...program, never: "x" }, /^never: .* does not support this property$/],
    [{ ...program, serial: "x" }, /^serial: it is an output and cannot be set$/],
    [{ ...program, size: "hidden" }, /^size: it must be a whole number, not text$/],
    [{ ...program, size: 1.5 }, /^size: it must be a whole number, not a number$/],
    [{ ...program, size: 0 }, /^size: it must be at least 1, not 0$/],
    [{ ...program, colour: "green" }, /^colour: it must be one of red, blue, not "green"$/],
    [{ ...program, tags: "x" }, /^tags: it must be a list, not text$/],
    [{ ...program, parts: ["x"] }, /^parts\[0\]: it must be an object, not text$/],
    [{ ...program, parts: [{}] }, /^parts\[0\]\.key: it is required$/],
    [{ ...program, place: { street: [] } }, /^place\.street: it must be text, not a list$/],
    [{ ...program, colour: "red", size: 13 }, /^no red thing has 13$/],
  ];
  for (const [inputs, expected] of mistakes) {
    await assert.rejects(
      driver.check(TYPE, "t", inputs),
      (error: Error) => expected.test(error.message),
      `${expected}`,
    );
  }
  await driver.check(TYPE, "t", { ...program, size: Unknown.value, place: Unknown.value, parts: [Unknown.value] });
});

test("outputs: every property is there, absent ones as Terraform's SDK has them", async () => {
  const made = await driver.create(TYPE, "t", { ...program, password: "pw", tags: ["x"], parts: [{ key: "k" }] });
  assert.deepEqual(made.outputs, {
    __meta:
      '{"e2bfb730-ecaa-11e6-8f88-34363bc7c4c0":{"create":120000000000,"update":60000000000},"schema_version":"4"}',
    __pulumi_raw_state_delta: {
      obj: {
        ps: {
          parts: { arr: { el: { "0": { obj: { ps: { near: { arr: {} } } } } } } },
          place: { plu: { i: {} } },
          tags: { arr: {} },
        },
        renamed: { tags: "tag" },
      },
    },
    id: "id-a",
    name: "a",
    size: 3,
    colour: null,
    flag: false,
    password: new Secret("pw"),
    tags: ["x"],
    labels: null,
    steps: null,
    place: null,
    parts: [{ key: "k", weight: null, near: [] }],
    address: "somewhere",
    serial: "s1",
    never: null,
  });
  assert.deepEqual((await driver.refresh(made))?.outputs.parts, [{ key: "k", weight: 0, near: [] }]);
});

test("diff: by field; sets without order; what is left out and computed is none", async () => {
  const full = {
    ...program,
    tags: ["x", "y"],
    labels: { a: "1", b: "2" },
    steps: ["one", "two"],
    place: { street: "x" },
    parts: [{ key: "k" }, { key: "l", weight: 2 }],
    address: "given",
  };
  const made = await driver.create(TYPE, "t", full);
  assert.deepEqual(await kinds(made, full), {});
  const { address: _, ...withoutAddress } = full;
  assert.deepEqual(await kinds(made, withoutAddress), {});
  assert.deepEqual(await kinds(made, { ...full, tags: ["y", "x"], parts: [...full.parts].reverse() }), {});
  assert.deepEqual(await kinds(made, { ...full, tags: ["y", "z"] }), { "tags[0]": "delete", "tags[1]": "add" });
  assert.deepEqual(await kinds(made, { ...full, steps: ["one"], labels: { b: "3", "c.d": "" } }), {
    "steps[1]": "delete",
    "labels.a": "delete",
    "labels.b": "update",
    'labels["c.d"]': "add",
  });
  assert.deepEqual(await kinds(made, { ...full, place: { street: "y" }, colour: "red" }), {
    colour: "add",
    "place.street": "update",
  });
  assert.deepEqual(await kinds(made, { ...withoutAddress, place: null }), { place: "delete-replace" });
  assert.deepEqual(await kinds(made, { ...full, parts: [{ key: "k" }, { key: "m", weight: 2 }] }), {
    "parts[1].key": "update-replace",
  });
  assert.deepEqual(await kinds(made, { ...full, parts: [{ key: "l", weight: 3 }, { key: "k" }] }), {
    "parts[0]": "add-replace",
    "parts[1]": "delete-replace",
  });
  assert.deepEqual(await kinds(made, { ...full, name: Unknown.value, size: Unknown.value }), {
    name: "update-replace",
    size: "update",
  });
});

test("diff: a chosen name cannot be had twice, a generated one can", async () => {
  const chosen = await driver.create(TYPE, "t", { ...program, place: { street: "x" } });
  const replaced = await driver.diff(chosen, { ...program });
  assert.deepEqual([replaced.replaces, replaced.deleteBeforeReplace], [["place"], true]);
  const generated = await driver.create(TYPE, "t", { place: { street: "x" } });
  assert.equal((await driver.diff(generated, {})).deleteBeforeReplace, false);
  assert.equal((await driver.diff(chosen, { ...program }, { ignoreChanges: ["place"] })).changes, false);
  assert.equal((await driver.diff(chosen, { ...program }, { ignoreChanges: ["place.street"] })).changes, true);
});

test("refresh: inputs follow what drifted, and only that", async () => {
  const full = { ...program, tags: ["x", "y"], labels: { a: "1" }, place: { street: "x" } };
  const made = await driver.create(TYPE, "t", full);
  things.set(made.id, {
    ...things.get(made.id),
    tags: ["y", "x"],
    labels: { a: "2" },
    place: { street: "y", floor: 1 },
  });
  const seen = await driver.refresh(made);
  assert.deepEqual(seen?.inputs, {
    ...made.inputs,
    labels: { a: "2" },
    place: { __defaults: ["floor"], street: "y", floor: 1 },
  });
  assert.deepEqual(seen?.outputs.tags, ["x", "y"]);
  assert.deepEqual(await kinds(seen, full), { "labels.a": "update", "place.street": "update" });
  things.delete(made.id);
  assert.equal(await driver.refresh(made), undefined);
});

test("previews: what the system fills in is not known, and an update keeps it", async () => {
  const planned = await driver.create(TYPE, "t", { ...program, place: { street: "x" } }, { preview: true });
  assert.deepEqual(
    [planned.outputs.name, planned.outputs.place, planned.outputs.colour],
    ["a", { street: "x", floor: 1 }, null],
  );
  assert.ok(planned.outputs.address instanceof Unknown && planned.outputs.serial instanceof Unknown);
  const made = await driver.create(TYPE, "t", program);
  const updated = await driver.update(made, { ...program, colour: "red" }, { preview: true });
  assert.deepEqual([updated.outputs.serial, updated.outputs.colour], ["s1", "red"]);
  assert.equal((await driver.update(made, { ...program, colour: "red" })).outputs.serial, "s2");
});

test("configuration: text that holds JSON, and one line for what is not there", async () => {
  const checked = (news: PropertyMap) => provider.checkConfig?.({ urn: "u", olds: undefined, news });
  assert.deepEqual((await checked({ retries: "3", colour: "3", version: "1.0.0", __internal: {} }))?.failures, []);
  const failed = await checked({ color: "red" });
  assert.match(failed?.failures?.[0]?.reason ?? "", /^color: .* it has colour, retries$/);
  const changed = await provider.diffConfig?.({ urn: "u", oldInputs: { retries: "3" }, news: { retries: "4" } });
  assert.deepEqual([changed?.changes, changed?.replaces], [true, []]);
});

test("an unknown type or function is one line", async () => {
  await assert.rejects(
    driver.check("things:index/none:None", "t", {}),
    /has no resource things:index\/none:None; it has/,
  );
  const signal = new AbortController().signal;
  await assert.rejects(provider.invoke({ token: "things:none", args: {}, signal }), /has no function things:none/);
  const token = "things:index/getThing:getThing";
  assert.match((await provider.invoke({ token, args: {}, signal })).failures?.[0]?.reason ?? "", /^id: it is required/);
});
