import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import {
  Archive,
  Asset,
  isMap,
  Output,
  type PropertyMap,
  type PropertyValue,
  ResourceReference,
  Secret,
  Unknown,
} from "./values.ts";

/** The key that makes an object on the wire stand for something else; its value is one of `signatures`. */
export const signatureKey = "4dabf18193072939515e22adb298388d";

export const signatures = {
  secret: "1b47061264138c4ac30d75fd1eb44270",
  asset: "c44067f5952c0a294b673a41bacd8c17",
  archive: "0def7320c3a5731c473e5ecbe6d01bc7",
  resource: "5cf8f73096256a8f31e491e813e4eb8e",
  output: "d0e6a833031e9bbcd3f4e8bde6ca49a4",
} as const;

/** What an unknown value is on the wire, and the id of a provider that a preview would create. */
export const unknownMarker = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Every string that means "unknown": other SDKs mark the type that the value will have. */
const unknownMarkers = new Set([
  unknownMarker,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** What the other side said it understands; what it does not is sent as the bare value. */
interface WireOptions {
  readonly secrets: boolean;
  readonly resources: boolean;
  readonly outputs?: boolean;
}

const { Struct, Value, ListValue, NullValue } = structProto;

export function decodeProperties(struct: structProto.Struct | undefined): PropertyMap {
  const properties: PropertyMap = {};
  struct?.getFieldsMap().forEach((value, key) => {
    properties[key] = decodeValue(value);
  });
  return properties;
}

export function decodeValue(value: structProto.Value): PropertyValue {
  switch (value.getKindCase()) {
    case Value.KindCase.BOOL_VALUE:
      return value.getBoolValue();
    case Value.KindCase.NUMBER_VALUE:
      return value.getNumberValue();
    case Value.KindCase.STRING_VALUE: {
      const text = value.getStringValue();
      return unknownMarkers.has(text) ? Unknown.value : text;
    }
    case Value.KindCase.LIST_VALUE:
      return (value.getListValue()?.getValuesList() ?? []).map(decodeValue);
    case Value.KindCase.STRUCT_VALUE:
      return decodeObject(decodeProperties(value.getStructValue()));
    default:
      return null;
  }
}

/** Turns an object with a signature into what it stands for. Source: Pulumi's `sdk/proto` documents. */
function decodeObject(object: PropertyMap): PropertyValue {
  const signature = object[signatureKey];
  if (typeof signature !== "string") return object;
  switch (signature) {
    case signatures.secret:
      return new Secret(object.value ?? null);
    case signatures.output:
      return new Output(
        "value" in object ? (object.value ?? null) : Unknown.value,
        object.secret === true,
        strings(object.dependencies),
      );
    case signatures.asset:
      return new Asset(assetSource(object), text(object.hash));
    case signatures.archive:
      return new Archive(archiveSource(object), text(object.hash));
    case signatures.resource: {
      const id = object.id instanceof Unknown || object.id === "" ? Unknown.value : object.id;
      return new ResourceReference(
        text(object.urn),
        typeof id === "string" || id instanceof Unknown ? id : undefined,
        text(object.packageVersion),
      );
    }
    default:
      throw new Error(`a value has the unknown signature ${signature}`);
  }
}

function assetSource(object: PropertyMap): Asset["source"] {
  if (typeof object.path === "string") return { path: object.path };
  if (typeof object.uri === "string") return { uri: object.uri };
  return { text: text(object.text) };
}

function archiveSource(object: PropertyMap): Archive["source"] {
  if (typeof object.path === "string") return { path: object.path };
  if (typeof object.uri === "string") return { uri: object.uri };
  const assets: Record<string, Asset | Archive> = {};
  if (isMap(object.assets)) {
    for (const [name, asset] of Object.entries(object.assets)) {
      if (asset instanceof Asset || asset instanceof Archive) assets[name] = asset;
    }
  }
  return { assets };
}

export function encodeProperties(properties: PropertyMap, options: WireOptions): structProto.Struct {
  const struct = new Struct();
  const fields = struct.getFieldsMap();
  for (const key of Object.keys(properties)) {
    const value = properties[key];
    if (value !== undefined) fields.set(key, encodeValue(value, options));
  }
  return struct;
}

export function encodeValue(value: PropertyValue, options: WireOptions): structProto.Value {
  const wire = new Value();
  if (value === null || value === undefined) return wire.setNullValue(NullValue.NULL_VALUE);
  if (typeof value === "string") return wire.setStringValue(value);
  if (typeof value === "boolean") return wire.setBoolValue(value);
  if (typeof value === "number") return wire.setNumberValue(value);
  if (Array.isArray(value)) {
    return wire.setListValue(new ListValue().setValuesList(value.map((item) => encodeValue(item, options))));
  }
  if (value instanceof Unknown) return wire.setStringValue(unknownMarker);
  if (value instanceof Secret) {
    if (!options.secrets) return encodeValue(value.value, options);
    return encodeSigned(signatures.secret, { value: value.value }, options);
  }
  if (value instanceof Output) return encodeOutput(value, options);
  if (value instanceof Asset || value instanceof Archive) {
    const signature = value instanceof Asset ? signatures.asset : signatures.archive;
    return encodeSigned(signature, { ...value.source, ...(value.hash && { hash: value.hash }) }, options);
  }
  if (value instanceof ResourceReference) {
    if (!options.resources) return encodeValue(value.id ?? value.urn, options);
    const id = value.id instanceof Unknown ? "" : value.id;
    return encodeSigned(
      signatures.resource,
      {
        urn: value.urn,
        ...(id !== undefined && { id }),
        ...(value.packageVersion && { packageVersion: value.packageVersion }),
      },
      options,
    );
  }
  return wire.setStructValue(encodeProperties(value, options));
}

function encodeOutput(output: Output, options: WireOptions): structProto.Value {
  if (!options.outputs) {
    return encodeValue(output.secret ? new Secret(output.value) : output.value, options);
  }
  const members: PropertyMap = {};
  if (!(output.value instanceof Unknown)) members.value = output.value;
  if (output.secret) members.secret = true;
  if (output.dependencies.length > 0) members.dependencies = [...output.dependencies];
  return encodeSigned(signatures.output, members, options);
}

function encodeSigned(signature: string, members: PropertyMap, options: WireOptions): structProto.Value {
  return new Value().setStructValue(encodeProperties({ [signatureKey]: signature, ...members }, options));
}

function text(value: PropertyValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function strings(value: PropertyValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
