/**
 * Property values as JSON text, the way Pulumi keeps them in checkpoints.
 *
 * Objects are written with sorted keys (Go writes its maps so), secrets and other special values as
 * objects with a signature key. Source: pulumi's `pkg/resource/stack` and `sdk/go/common/resource`.
 */
import {
  Archive,
  Asset,
  Output,
  type PropertyMap,
  type PropertyValue,
  ResourceReference,
  Secret,
  Unknown,
} from "../values/values.ts";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";
const REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e";
const FLOAT = "8ad145fe-0d11-4827-bfd7-1abcbf086f5c";
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** How a secret's JSON text is kept: encrypted, or in clear for `--show-secrets`. */
type SealedText = { readonly ciphertext: string } | { readonly plaintext: string };

/** Seals the JSON text of a secret; `path` says where it stands, so that an unchanged one keeps its ciphertext. */
export type Seal = (plaintext: string, path: string) => SealedText;

/** Opens what `Seal` made. */
export type Unseal = (sealed: { ciphertext?: string; plaintext?: string }, path: string) => string;

/** Seals nothing: for secrets inside secrets, which Pulumi does not encrypt twice. */
const sealInner: Seal = (plaintext) => ({ ciphertext: plaintext });
const unsealInner: Unseal = (sealed) => sealed.plaintext ?? sealed.ciphertext ?? "null";

/** JSON text of a value. */
export function encodeValue(value: PropertyValue, seal: Seal, path = ""): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return Number.isFinite(value) ? JSON.stringify(value) : encodeSpecialNumber(value);
  if (Array.isArray(value)) {
    return `[${value.map((item, index) => encodeValue(item ?? null, seal, `${path}[${index}]`)).join(",")}]`;
  }
  if (value instanceof Secret) {
    const sealed = seal(encodeValue(value.value, sealInner), path);
    return encodeSigned(SECRET, sealed);
  }
  if (value instanceof Unknown) return JSON.stringify(UNKNOWN);
  if (value instanceof Output) {
    return encodeValue(value.secret ? new Secret(value.value) : value.value, seal, path);
  }
  if (value instanceof Asset) {
    return encodeSigned(ASSET, { ...(value.hash === "" ? {} : { hash: value.hash }), ...value.source });
  }
  if (value instanceof Archive) return encodeArchive(value);
  if (value instanceof ResourceReference) {
    const id = value.id instanceof Unknown ? "" : value.id;
    return encodeSigned(REFERENCE, { id, packageVersion: value.packageVersion, urn: value.urn });
  }
  return encodeProperties(value, seal, path);
}

/** JSON text of an object of properties, keys sorted. */
export function encodeProperties(properties: PropertyMap, seal: Seal, path = ""): string {
  const members: string[] = [];
  for (const key of Object.keys(properties).sort()) {
    const value = properties[key];
    if (value !== undefined) members.push(`${JSON.stringify(key)}:${encodeValue(value, seal, `${path}.${key}`)}`);
  }
  return `{${members.join(",")}}`;
}

function encodeSigned(signature: string, members: object): string {
  return JSON.stringify({ [SIGNATURE]: signature, ...members });
}

function encodeArchive(archive: Archive): string {
  const hash = archive.hash === "" ? {} : { hash: archive.hash };
  if (!("assets" in archive.source)) return encodeSigned(ARCHIVE, { ...hash, ...archive.source });
  const assets = encodeProperties(archive.source.assets, sealInner);
  return `{"${SIGNATURE}":"${ARCHIVE}","assets":${assets}${archive.hash === "" ? "" : `,"hash":"${archive.hash}"`}}`;
}

/** NaN and infinities have no JSON form; Pulumi keeps the bits. */
function encodeSpecialNumber(value: number): string {
  const bits = Buffer.alloc(8);
  bits.writeDoubleBE(value);
  return encodeSigned(FLOAT, { value: bits.toString("hex") });
}

/** The value of parsed JSON. */
export function decodeValue(json: unknown, unseal: Unseal, path = ""): PropertyValue {
  if (json === UNKNOWN) return Unknown.value;
  if (json === null || typeof json === "boolean" || typeof json === "number" || typeof json === "string") return json;
  if (Array.isArray(json)) return json.map((item, index) => decodeValue(item, unseal, `${path}[${index}]`));
  if (typeof json !== "object") return null;
  return SIGNATURE in json ? decodeSigned(json, unseal, path) : decodeProperties(json, unseal, path);
}

/** The properties of a parsed JSON object; undefined counts as empty. */
export function decodeProperties(json: object | undefined, unseal: Unseal, path = ""): PropertyMap {
  const properties: PropertyMap = {};
  for (const [key, value] of Object.entries(json ?? {})) properties[key] = decodeValue(value, unseal, `${path}.${key}`);
  return properties;
}

interface Signed {
  [SIGNATURE]?: unknown;
  ciphertext?: string;
  plaintext?: string;
  hash?: string;
  text?: string;
  path?: string;
  uri?: string;
  assets?: Record<string, unknown>;
  urn?: string;
  id?: string;
  packageVersion?: string;
  value?: string;
}

function decodeSigned(json: Signed, unseal: Unseal, path: string): PropertyValue {
  switch (json[SIGNATURE]) {
    case SECRET:
      return new Secret(decodeValue(JSON.parse(unseal(json, path)), unsealInner));
    case ASSET:
      return new Asset(json.text === undefined ? decodePlace(json) : { text: json.text }, json.hash);
    case ARCHIVE:
      return new Archive(decodeArchiveSource(json), json.hash);
    case REFERENCE:
      return new ResourceReference(json.urn ?? "", json.id, json.packageVersion);
    case FLOAT:
      return Buffer.from(json.value ?? "", "hex").readDoubleBE();
    default:
      throw new Error(`the state holds a value of a kind that this engine does not know (${json[SIGNATURE]})`);
  }
}

function decodePlace(json: Signed): { path: string } | { uri: string } {
  return json.uri === undefined ? { path: json.path ?? "" } : { uri: json.uri };
}

function decodeArchiveSource(json: Signed): Archive["source"] {
  return json.assets === undefined ? decodePlace(json) : { assets: decodeAssets(json.assets) };
}

function decodeAssets(assets: Record<string, unknown>): Record<string, Asset | Archive> {
  const decoded: Record<string, Asset | Archive> = {};
  for (const [name, json] of Object.entries(assets)) {
    const value = decodeValue(json, unsealInner);
    if (value instanceof Asset || value instanceof Archive) decoded[name] = value;
  }
  return decoded;
}
