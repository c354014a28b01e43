import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { canonical, contentHash, type Plain } from "../../../model/content.ts";

const plain: fc.Arbitrary<Plain> = fc
  .jsonValue()
  .map((value) => value as Plain)
  .filter((value) => value !== undefined);
const plainMap = fc.dictionary(fc.string(), plain);

/** The same data with the keys of every object the other way round. */
function reversed(value: Plain): Plain {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, entry]) => [key, reversed(entry)]),
  );
}

test("canonical JSON does not depend on the order of keys", () => {
  fc.assert(fc.property(plainMap, (value) => assert.equal(canonical(reversed(value)), canonical(value))));
});

test("canonical JSON is JSON of the same data", () => {
  fc.assert(
    fc.property(plain, (value) => assert.deepEqual(JSON.parse(canonical(value)), JSON.parse(JSON.stringify(value)))),
  );
});

test("keys without a value count as absent", () => {
  assert.equal(canonical({ b: undefined, a: [1, "x", null, true] }), '{"a":[1,"x",null,true]}');
});

test("a hash is the beginning of HMAC-SHA256 over the canonical JSON", () => {
  const expected = createHmac("sha256", "a key").update('{"a":1,"b":"two"}').digest("hex").slice(0, 10);
  assert.equal(contentHash("a key", { b: "two", a: 1 }), expected);
});

test("another key or another content gives another hash", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), plainMap, plainMap, (key, other, content, otherContent) => {
      if (key !== other) assert.notEqual(contentHash(key, content), contentHash(other, content));
      if (canonical(content) !== canonical(otherContent)) {
        assert.notEqual(contentHash(key, content), contentHash(key, otherContent));
      }
    }),
  );
});
