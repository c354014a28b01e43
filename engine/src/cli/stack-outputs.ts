/** Outputs of other stacks, for StackReference. */
import { parseCheckpoint } from "../state/checkpoint.ts";
import { UserError } from "../state/errors.ts";
import { decodeProperties, type Unseal } from "../state/property-json.ts";
import { mapSecrets } from "../state/sealed-json.ts";
import type { StackName } from "../state/stack-name.ts";
import { lastReferences, rememberReferences } from "../state/workspace.ts";
import type { PropertyMap } from "../values/values.ts";
import type { Session } from "./session.ts";

/** Other stacks as one deployment sees them: each is read once. */
export class OtherStacks {
  readonly #session: Session;
  readonly #name: StackName;
  readonly #asked = new Set<string>();
  readonly #known = new Map<string, Promise<PropertyMap | undefined>>();

  constructor(session: Session, name: StackName) {
    this.#session = session;
    this.#name = name;
  }

  /**
   * Begins to read what the last deployment asked for: another stack has another key, whose derivation goes on while
   * the program starts.
   */
  async expect(): Promise<void> {
    const expected = await lastReferences(this.#session.environment, await this.#session.project(), this.#name);
    for (const reference of expected) this.#read(reference).catch(() => undefined);
  }

  /** Keeps for the next deployment what this one asked for. */
  async remember(): Promise<void> {
    const { environment } = this.#session;
    await rememberReferences(environment, await this.#session.project(), this.#name, [...this.#asked].sort());
  }

  /** @param reference `s`, `organization/s` or `organization/<project>/<s>` @returns undefined: no such stack */
  outputs(reference: string): Promise<PropertyMap | undefined> {
    this.#asked.add(reference);
    return this.#read(reference);
  }

  #read(reference: string): Promise<PropertyMap | undefined> {
    const known = this.#known.get(reference) ?? readOutputs(this.#session, reference);
    this.#known.set(reference, known);
    return known;
  }
}

/** What knows stacks and their keys. */
export type StackReader = Pick<Session, "stackName" | "backend" | "managerOf">;

/** @returns undefined: no such stack */
export async function readOutputs(session: StackReader, reference: string): Promise<PropertyMap | undefined> {
  const name = await session.stackName(reference);
  const text = await (await session.backend()).read(name);
  if (text === undefined) return undefined;
  const { deployment } = parseCheckpoint(text);
  const root = deployment?.resources?.find(({ type, parent }) => type === "pulumi:pulumi:Stack" && !parent);
  let secrets = false;
  mapSecrets(root?.outputs, (secret) => {
    secrets = true;
    return secret;
  });
  const crypter = secrets ? await session.managerOf(deployment)?.crypter() : undefined;
  const unseal: Unseal = ({ plaintext, ciphertext }) => {
    if (plaintext !== undefined) return plaintext;
    if (crypter === undefined || ciphertext === undefined)
      throw new UserError(`${reference} has secrets without a key`);
    return crypter.decrypt(ciphertext);
  };
  return decodeProperties(root?.outputs, unseal);
}
