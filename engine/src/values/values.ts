/**
 * Property values as the engine and its providers hold them in memory.
 *
 * The wire (protobuf Struct with signature keys) and the state file (JSON) are encodings of these;
 * see wire.ts and ../state/. Source of the encodings: pulumi's `sdk/proto` and its resource package.
 */
export type PropertyValue =
  | null
  | boolean
  | number
  | string
  | PropertyValue[]
  | PropertyMap
  | Secret
  | Unknown
  | Output
  | Asset
  | Archive
  | ResourceReference;

/** An object of properties. Keys whose value is undefined do not exist. */
export interface PropertyMap {
  [key: string]: PropertyValue;
}

/** A value that is encrypted in the state and masked in every display. */
export class Secret {
  readonly value: PropertyValue;
  constructor(value: PropertyValue) {
    this.value = value;
  }
}

/** A value that is not known before the real operation; appears in previews only. */
export class Unknown {
  private constructor() {}
  static readonly value: Unknown = new Unknown();
}

/** A value with its dependencies, as programs send it to hooks, transforms and remote components. */
export class Output {
  readonly value: PropertyValue;
  readonly secret: boolean;
  readonly dependencies: readonly string[];
  constructor(value: PropertyValue, secret: boolean, dependencies: readonly string[]) {
    this.value = value;
    this.secret = secret;
    this.dependencies = dependencies;
  }
}

/** A file by its text, path or URI. `hash` is hex SHA-256 of its content. */
export class Asset {
  readonly source: { text: string } | { path: string } | { uri: string };
  readonly hash: string;
  constructor(source: Asset["source"], hash = "") {
    this.source = source;
    this.hash = hash;
  }
}

/** A collection of assets by a path or URI, or one by one. */
export class Archive {
  readonly source: { assets: Record<string, Asset | Archive> } | { path: string } | { uri: string };
  readonly hash: string;
  constructor(source: Archive["source"], hash = "") {
    this.source = source;
    this.hash = hash;
  }
}

/** A resource passed as a value. `id` is undefined for components, "" or Unknown when not known yet. */
export class ResourceReference {
  readonly urn: string;
  readonly id: string | Unknown | undefined;
  readonly packageVersion: string;
  constructor(urn: string, id: string | Unknown | undefined, packageVersion = "") {
    this.urn = urn;
    this.id = id;
    this.packageVersion = packageVersion;
  }
}

/** Whether the value is an object of properties, none of the special values and no array. */
export function isMap(value: PropertyValue | undefined): value is PropertyMap {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !(
    value instanceof Secret ||
    value instanceof Unknown ||
    value instanceof Output ||
    value instanceof Asset ||
    value instanceof Archive ||
    value instanceof ResourceReference
  );
}
