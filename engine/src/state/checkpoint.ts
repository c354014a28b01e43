/**
 * Pulumi's checkpoint file: version 3, or 4 with the list of features that a reader must know.
 *
 * Reading needs the key only when the file holds secrets. Writing encodes only the resources that changed:
 * text is cached by a resource's identity, and a secret whose value is unchanged keeps its ciphertext.
 */
import { createHash } from "node:crypto";
import type { PendingOperation, ResourceState, Snapshot } from "../deploy/types.ts";
import { UserError } from "./errors.ts";
import type { Crypter, PassphraseManager } from "./passphrase.ts";
import { encodeValue, type Seal, type Unseal } from "./property-json.ts";
import { decodeResource, encodeResource, featuresOf, type RawResource, SUPPORTED_FEATURES } from "./resource-json.ts";

/** The version this engine writes into manifests, and tells as its own. */
export const PULUMI_VERSION = "3.270.0";

/** A stack's state as it stands in a file: Pulumi's `apitype.DeploymentV3`. */
export interface Deployment {
  manifest: { time: string; magic: string; version: string };
  secrets_providers?: { type: string; state?: { salt?: string } };
  resources?: RawResource[];
  pending_operations?: { resource: RawResource; type: PendingOperation["type"] }[];
  metadata?: object;
}

interface VersionedDeployment {
  readonly version: number;
  readonly features: readonly string[];
  /** Undefined: the stack was just made. */
  readonly deployment: Deployment | undefined;
}

export const EMPTY_SNAPSHOT: Snapshot = { resources: [], pendingOperations: [] };

/** Reads a checkpoint file's text. @throws UserError when this engine cannot read its version or features. */
export function parseCheckpoint(text: string): VersionedDeployment {
  const file = JSON.parse(text) as { version: number; features?: string[]; checkpoint: { latest?: Deployment } };
  const read = { version: file.version, features: file.features ?? [], deployment: file.checkpoint.latest };
  if (read.version === 0 && read.deployment === undefined) return read;
  return checkVersion(read);
}

/** Refuses versions and features that this engine would lose on writing. */
export function checkVersion(read: VersionedDeployment): VersionedDeployment {
  if (read.version < 3) throw new UserError(`this stack's deployment is too old (version ${read.version})`);
  if (read.version > 4) throw new UserError(`this stack's deployment version is too new (${read.version})`);
  const unknown = read.features.filter((feature) => !SUPPORTED_FEATURES.includes(feature));
  if (unknown.length > 0) {
    throw new UserError(`this stack's deployment needs support for the following features: ${unknown.join(", ")}`);
  }
  return read;
}

/** The salt of the passphrase that a deployment's secrets are encrypted with; undefined when it has none. */
export function saltOf(deployment: Deployment | undefined): string | undefined {
  const provider = deployment?.secrets_providers;
  if (provider === undefined || provider.type === "") return undefined;
  if (provider.type !== "passphrase") {
    throw new UserError(
      `the stack's secrets provider is '${provider.type}', and the embedded engine knows only 'passphrase'; ` +
        "change it with the real CLI: pulumi stack change-secrets-provider passphrase",
    );
  }
  return provider.state?.salt;
}

/** JSON text, and the features that its reader must know. */
interface Content {
  readonly text: string;
  readonly features: readonly string[];
}

/** Reads and writes the states of one stack, remembering what it has read or written. */
export class CheckpointCodec {
  readonly #manager: PassphraseManager | undefined;
  readonly #stack: string;
  readonly #encoded = new WeakMap<ResourceState, Content>();
  /** A secret's place to its last text and ciphertext, as the stack's own manager made it. */
  readonly #sealed = new Map<string, { plaintext: string; ciphertext: string }>();
  #crypter: Crypter | undefined;

  /**
   * @param stack `organization/<project>/<stack>`
   * @param manager what new states' secrets are encrypted with; undefined: the stack may hold none
   */
  constructor(stack: string, manager: PassphraseManager | undefined) {
    this.#stack = stack;
    this.#manager = manager;
  }

  /** @param reader what the deployment's own secrets were encrypted with */
  async decode(deployment: Deployment | undefined, reader = this.#manager): Promise<Snapshot> {
    if (deployment === undefined) return EMPTY_SNAPSHOT;
    const crypter = hasCiphertext(deployment) ? await reader?.crypter() : undefined;
    const keep = reader?.state === this.#manager?.state;
    const unseal: Unseal = (sealed, path) => {
      if (sealed.plaintext !== undefined) return sealed.plaintext;
      if (crypter === undefined || sealed.ciphertext === undefined)
        throw new UserError("the state holds a secret without a key");
      const plaintext = crypter.decrypt(sealed.ciphertext);
      if (keep) this.#sealed.set(path, { plaintext, ciphertext: sealed.ciphertext });
      return plaintext;
    };
    return {
      resources: (deployment.resources ?? []).map((raw) => decodeResource(raw, unseal)),
      pendingOperations: (deployment.pending_operations ?? []).map(({ resource, type }) => ({
        type,
        resource: decodeResource(resource, unseal),
      })),
    };
  }

  /** The checkpoint's text: compact JSON without a final newline. */
  async encode(snapshot: Snapshot): Promise<string> {
    return this.wrap(await this.encodeContent(snapshot));
  }

  /** The part of the text that changes only when the stack does. */
  async encodeContent(snapshot: Snapshot): Promise<Content> {
    const resources = await this.#encodeAll(snapshot.resources);
    const pending = await this.#encodeAll(snapshot.pendingOperations.map((operation) => operation.resource));
    const operations = snapshot.pendingOperations.map(
      ({ type }, index) => `{"resource":${pending[index]?.text},"type":"${type}"}`,
    );
    const members = [
      ...(resources.length === 0 ? [] : [`"resources":[${resources.map(({ text }) => text).join(",")}]`]),
      ...(operations.length === 0 ? [] : [`"pending_operations":[${operations.join(",")}]`]),
      `"metadata":{}`,
    ];
    const features = new Set([...resources, ...pending].flatMap((encoded) => encoded.features));
    return { text: members.join(","), features: [...features].sort() };
  }

  /** The whole text, with the time of now, of what `encodeContent` made. */
  wrap({ text, features }: Content): string {
    const version = features.length === 0 ? `"version":3` : `"version":4,"features":${JSON.stringify(features)}`;
    const provider = this.#manager === undefined ? undefined : secretsProviders(this.#manager);
    const secrets = provider === undefined ? "" : `"secrets_providers":${JSON.stringify(provider)},`;
    const latest = `"manifest":${JSON.stringify(manifest())},${secrets}${text}`;
    return `{${version},"checkpoint":{"stack":${JSON.stringify(this.#stack)},"latest":{${latest}}}}`;
  }

  async #encodeAll(states: readonly ResourceState[]): Promise<Content[]> {
    const all: Content[] = [];
    for (const state of states) {
      let encoded = this.#encoded.get(state);
      if (encoded === undefined) {
        encoded = { text: await this.#encodeOne(state), features: featuresOf(state) };
        this.#encoded.set(state, encoded);
      }
      all.push(encoded);
    }
    return all;
  }

  async #encodeOne(state: ResourceState): Promise<string> {
    try {
      return encodeResource(state, this.#seal);
    } catch (error) {
      if (!(error instanceof KeyNeeded)) throw error;
      if (this.#manager === undefined)
        throw new UserError(`${state.urn} has a secret, and the stack has no secrets provider`);
      this.#crypter = await this.#manager.crypter();
      return encodeResource(state, this.#seal);
    }
  }

  readonly #seal: Seal = (plaintext, path) => {
    const last = this.#sealed.get(path);
    if (last !== undefined && sameText(last.plaintext, plaintext)) return { ciphertext: last.ciphertext };
    if (this.#crypter === undefined) throw new KeyNeeded();
    const ciphertext = this.#crypter.encrypt(plaintext);
    this.#sealed.set(path, { plaintext, ciphertext });
    return { ciphertext };
  };
}

/** Thrown while encoding (which is synchronous) when the key has not been derived yet. */
class KeyNeeded extends Error {}

/** Go escapes `<`, `>` and `&` inside a secret's text, so equal values may differ in spelling. */
function sameText(a: string, b: string): boolean {
  return a === b || (a.includes("\\u") && encodeValue(JSON.parse(a), () => ({ plaintext: "" })) === b);
}

function manifest(): Deployment["manifest"] {
  return { time: new Date().toISOString(), magic: magicOf(PULUMI_VERSION), version: PULUMI_VERSION };
}

/** Pulumi's mark that a manifest was not edited by hand. */
export function magicOf(version: string): string {
  return createHash("sha256").update(version).digest("hex");
}

function secretsProviders(manager: PassphraseManager): NonNullable<Deployment["secrets_providers"]> {
  return { type: "passphrase", state: { salt: manager.state } };
}

function hasCiphertext(deployment: Deployment): boolean {
  const search = (json: unknown): boolean => {
    if (Array.isArray(json)) return json.some(search);
    if (typeof json !== "object" || json === null) return false;
    return "ciphertext" in json || Object.values(json).some(search);
  };
  return search(deployment.resources) || search(deployment.pending_operations);
}
