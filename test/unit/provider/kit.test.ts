import assert from "node:assert/strict";
import { test } from "node:test";
import { type PropertyValue, Secret, Unknown } from "../../../engine/src/values/values.ts";
import { createProvider } from "../../../provider/index.ts";
import {
  anyText,
  diffInputs,
  integer,
  list,
  map,
  object,
  oneOf,
  providerOf,
  text,
  withDefault,
} from "../../../provider/kit/index.ts";

const call = { urn: "urn:pulumi:s::p::dyno:index:Thing::t", signal: new AbortController().signal, log() {} };
const thing = { ...call, type: "dyno:index:Thing", name: "t" };

/** Does nothing. */
const none = { computed: [], replaceOn: [], create: async () => ({ id: "1", outputs: {} }) };

const updates: unknown[] = [];
const provider = providerOf("dyno", "1.2.3", {
  "dyno:index:Thing": {
    inputs: {
      name: text({ pattern: /^[a-z]+$/, allowed: "lower-case letters" }),
      size: withDefault(integer({ min: 1, max: 9 }), 3),
      parts: list(object({ kind: oneOf("a", "b"), port: integer() })),
    },
    computed: ["serial"],
    replaceOn: ["name"],
    deleteBeforeReplace: true,
    async changed({ outputs }) {
      return outputs.serial === "lost" ? ["parts"] : [];
    },
    async create(inputs) {
      return { id: inputs.name, outputs: { ...inputs, serial: "1" } };
    },
    async update(state, news) {
      updates.push(state, news);
      return { ...news, serial: "2" };
    },
  },
});
const inputs = { name: "well", size: 3, parts: [{ kind: "a", port: 1 }] };

test("inputs get their defaults, and every mistake is named with what is allowed", async () => {
  const { size, ...given } = inputs;
  const fine = await provider.check({ ...thing, olds: undefined, news: given, randomSeed: new Uint8Array(32) });
  assert.deepEqual(fine, { inputs });

  const news = { name: "No", size: 10, parts: [{ kind: "c", port: 1.5, extra: 1 }, "x"], colour: "red" };
  const { failures } = await provider.check({ ...thing, olds: undefined, news, randomSeed: new Uint8Array(32) });
  assert.deepEqual(failures, [
    { property: "name", reason: 'must be lower-case letters, not "No"' },
    { property: "size", reason: "must be a whole number from 1 to 9, not 10" },
    { property: "parts[0].kind", reason: 'must be one of a, b, not "c"' },
    { property: "parts[0].port", reason: "must be a whole number from 0, not 1.5" },
    { property: "parts[0].extra", reason: "is not a property; there are kind, port" },
    { property: "parts[1]", reason: 'must be an object of kind, port, not "x"' },
    { property: "colour", reason: "is not a property; there are name, size, parts" },
  ]);
  const missing = await provider.check({ ...thing, olds: undefined, news: {}, randomSeed: new Uint8Array(32) });
  assert.deepEqual(missing.failures?.[0], { property: "name", reason: "is required: lower-case letters" });
});

test("what is not known yet fits every shape", async () => {
  const news = { name: Unknown.value, parts: [{ kind: Unknown.value, port: 1 }] };
  const { failures } = await provider.check({ ...thing, olds: undefined, news, randomSeed: new Uint8Array(32) });
  assert.equal(failures, undefined);
});

test("a difference is found where it is, with its kind", () => {
  const olds = { a: 1, list: [1, { x: 1 }], gone: true, same: { "k.1": [null] }, __defaults: [] };
  const news = { a: 2, list: [1, { x: 2 }, 3], same: { "k.1": [null] }, came: "x", unknown: Unknown.value };
  assert.deepEqual(diffInputs(olds, news, ["list"]), {
    changes: true,
    replaces: ["list"],
    detailedDiff: {
      a: { kind: "update", inputDiff: true },
      "list[1].x": { kind: "update-replace", inputDiff: true },
      "list[2]": { kind: "add-replace", inputDiff: true },
      gone: { kind: "delete", inputDiff: true },
      came: { kind: "add", inputDiff: true },
      unknown: { kind: "add", inputDiff: true },
    },
  });
  assert.deepEqual(diffInputs(olds, olds, "all"), { changes: false, replaces: [], detailedDiff: {} });
  assert.deepEqual(Object.keys(diffInputs({ m: { "k.1": 1 } }, { m: { "k.1": 2 } }, []).detailedDiff ?? {}), [
    'm["k.1"]',
  ]);
  assert.equal(diffInputs({ a: 1 }, { a: 2 }, "all", ["a"]).changes, false);
});

test("a diff: inputs first, then what differs in the world", async () => {
  const state = { ...thing, id: "well", oldInputs: inputs, ignoreChanges: [] };
  const renamed = await provider.diff({ ...state, oldOutputs: inputs, news: { ...inputs, name: "new" } });
  assert.deepEqual([renamed.changes, renamed.replaces, renamed.deleteBeforeReplace], [true, ["name"], true]);
  const lost = await provider.diff({ ...state, oldOutputs: { ...inputs, serial: "lost" }, news: inputs });
  assert.deepEqual(lost, { changes: true, detailedDiff: { parts: { kind: "update", inputDiff: false } } });
  const same = await provider.diff({ ...state, oldOutputs: { ...inputs, serial: "1" }, news: inputs });
  assert.equal(same.changes, false);
});

test("a preview does nothing, and says what is not known", async () => {
  const created = await provider.create({ ...thing, inputs, timeout: 0, preview: true });
  assert.deepEqual(created, { id: "", outputs: { ...inputs, serial: Unknown.value } });
  const old = { ...thing, id: "well", oldInputs: inputs, oldOutputs: inputs, ignoreChanges: [], timeout: 0 };
  await provider.update({ ...old, news: inputs, preview: true });
  assert.deepEqual(updates, []);
  await provider.update({ ...old, news: { ...inputs, size: 4 }, preview: false });
  assert.equal(updates.length, 2);
});

test("a type the provider does not have is refused by name", async () => {
  await assert.rejects(provider.create({ ...thing, type: "dyno:index:Other", inputs, timeout: 0, preview: false }), {
    message: "dyno:index:Other is no resource of dyno 1.2.3; there are dyno:index:Thing",
  });
});

test("a Password is made once, of letters and digits, and is a secret", async () => {
  const dyno = createProvider();
  assert.equal(dyno.name, "dyno");
  assert.match(dyno.version, /^\d+\.\d+\.\d+/);
  const password = { ...call, type: "dyno:index:Password", name: "p" };
  const checked = await dyno.check({ ...password, olds: undefined, news: {}, randomSeed: new Uint8Array(32) });
  assert.deepEqual(checked, { inputs: { length: 32 } });
  const { id, outputs } = await dyno.create({ ...password, inputs: checked.inputs, timeout: 0, preview: false });
  assert.ok(outputs.result instanceof Secret);
  const { value } = outputs.result;
  assert.match(String(value), /^[A-Za-z0-9]{32}$/);
  assert.ok(id !== "" && !String(value).includes(id));

  const state = { ...password, id, oldInputs: checked.inputs, oldOutputs: outputs, ignoreChanges: [] };
  assert.equal((await dyno.diff({ ...state, news: { length: 32 } })).changes, false);
  assert.deepEqual((await dyno.diff({ ...state, news: { length: 40 } })).replaces, ["length"]);
  const short = await dyno.check({ ...password, olds: undefined, news: { length: 8 }, randomSeed: new Uint8Array(32) });
  assert.deepEqual(short.failures, [{ property: "length", reason: "must be a whole number from 16 to 128, not 8" }]);
});

test("a map takes any names, any text may be none, and neither shows what it refused", async () => {
  const shapes = providerOf("dyno", "1.2.3", {
    "dyno:index:Thing": { ...none, inputs: { texts: map(anyText()) } },
  });
  const check = (texts: PropertyValue) =>
    shapes.check({ ...thing, olds: undefined, news: { texts }, randomSeed: new Uint8Array(32) });
  const texts = { A: "", "b c": "x", later: Unknown.value };
  assert.deepEqual(await check(texts), { inputs: { texts } });
  assert.deepEqual((await check({ A: 12_345 })).failures, [{ property: "texts.A", reason: "must be text" }]);
  assert.deepEqual((await check([])).failures, [
    { property: "texts", reason: "must be an object of values, each text, not a list" },
  ]);
});

test("a definition says in a sentence what an update will do", async () => {
  const lines: string[] = [];
  const said = providerOf("dyno", "1.2.3", {
    "dyno:index:Thing": {
      ...none,
      inputs: { name: text() },
      sentence: ({ inputs }, news) => `${inputs.name} > ${news.name}`,
    },
  });
  const log = (severity: string, line: string) => void lines.push(`${severity}: ${line}`);
  const request = { ...thing, log, id: "1", oldInputs: { name: "a" }, oldOutputs: {}, ignoreChanges: [] };
  await said.diff({ ...request, news: { name: "b" } });
  await said.diff({ ...request, news: { name: "a" } });
  assert.deepEqual(lines, ["info: a > b"]);
});
