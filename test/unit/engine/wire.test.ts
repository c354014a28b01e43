import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import { equal } from "../../../engine/src/values/equality.ts";
import { containsSecrets, containsUnknowns, flatten, strip } from "../../../engine/src/values/secrets.ts";
import {
  Archive,
  Asset,
  Output,
  type PropertyMap,
  type PropertyValue,
  ResourceReference,
  Secret,
  Unknown,
} from "../../../engine/src/values/values.ts";
import {
  decodeProperties,
  encodeProperties,
  signatureKey,
  signatures,
  unknownMarker,
} from "../../../engine/src/values/wire.ts";

const everything = { secrets: true, resources: true, outputs: true };

const text = fc.string({ unit: "grapheme" });
/** google-protobuf keeps a map's entries in a plain object, so no program of the Node SDK can send a `__proto__`. */
const key = text.filter((name) => name !== "__proto__");
const asset = fc
  .tuple(fc.constantFrom("text" as const, "path" as const, "uri" as const), text, text)
  .map(([kind, source, hash]) => {
    const sources = { text: { text: source }, path: { path: source }, uri: { uri: source } };
    return new Asset(sources[kind], hash);
  });

/** Any value that the wire can carry. */
const values = fc.letrec<{ value: PropertyValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true }),
    text,
    fc.constant(Unknown.value),
    asset,
    fc.dictionary(key, asset).map((assets) => new Archive({ assets }, "aa")),
    text.map((path) => new Archive({ path })),
    fc
      .tuple(text, fc.option(fc.string({ minLength: 1 }), { nil: undefined }))
      .map(([urn, id]) => new ResourceReference(urn, id, "1.2.3")),
    fc.array(tie("value")),
    fc.dictionary(key, tie("value")),
    tie("value").map((value) => new Secret(value)),
    fc.tuple(tie("value"), fc.boolean(), fc.array(text)).map((parts) => new Output(...parts)),
  ),
})).value;

function roundTrip(properties: PropertyMap, options = everything): PropertyMap {
  const bytes = encodeProperties(properties, options).serializeBinary();
  return decodeProperties(structProto.Struct.deserializeBinary(bytes));
}

test("every value survives the wire", () => {
  fc.assert(
    fc.property(fc.dictionary(key, values), (properties) => {
      assert.ok(equal(roundTrip(properties), properties));
    }),
  );
});

test("a peer that knows no secrets gets bare values", () => {
  fc.assert(
    fc.property(fc.dictionary(key, values), (properties) => {
      const bare = roundTrip(properties, { secrets: false, resources: true, outputs: false });
      assert.ok(!containsSecrets(bare));
      assert.ok(equal(bare, strip(flatten(properties))));
    }),
  );
});

test("the wire is the one that SDKs read", () => {
  const encoded = encodeProperties(
    {
      secret: new Secret(Unknown.value),
      output: new Output(Unknown.value, true, ["urn:a"]),
      reference: new ResourceReference("urn:b", Unknown.value),
      absent: undefined as never,
    },
    everything,
  ).toJavaScript();
  assert.deepEqual(encoded, {
    secret: { [signatureKey]: signatures.secret, value: unknownMarker },
    output: { [signatureKey]: signatures.output, secret: true, dependencies: ["urn:a"] },
    reference: { [signatureKey]: signatures.resource, urn: "urn:b", id: "" },
  });
});

test("unknown values of every type and unknown signatures", () => {
  const struct = structProto.Struct.fromJavaScript({
    number: "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    object: { inner: "dd056dcd-154b-4c76-9bd3-c8f88648b5ff" },
  });
  const decoded = decodeProperties(struct);
  assert.equal(decoded.number, Unknown.value);
  assert.ok(containsUnknowns(decoded.object ?? null));
  const odd = structProto.Struct.fromJavaScript({ odd: { [signatureKey]: "no such signature" } });
  assert.throws(() => decodeProperties(odd), /unknown signature no such signature/);
});
