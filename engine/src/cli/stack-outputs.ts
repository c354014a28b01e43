/** Outputs of other stacks, for StackReference. */
import type { Snapshot } from "../deploy/types.ts";
import { parseCheckpoint } from "../state/checkpoint.ts";
import { UserError } from "../state/errors.ts";
import { decodeProperties, type Unseal } from "../state/property-json.ts";
import { mapSecrets } from "../state/sealed-json.ts";
import type { PropertyMap } from "../values/values.ts";
import type { Session } from "./session.ts";

/** Other stacks as one deployment sees them: each is read once. */
export class OtherStacks {
  readonly #session: Session;
  readonly #known = new Map<string, Promise<PropertyMap | undefined>>();

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Begins to read what the last deployment referred to: another stack has another key, whose derivation goes on
   * while the program starts.
   */
  expect(snapshot: Snapshot): void {
    for (const { type, inputs } of snapshot.resources) {
      const { name } = inputs;
      if (type !== "pulumi:pulumi:StackReference" || typeof name !== "string") continue;
      this.outputs(name).catch(() => undefined);
    }
  }

  /** @param reference `s`, `organization/s` or `organization/<project>/<s>` @returns undefined: no such stack */
  outputs(reference: string): Promise<PropertyMap | undefined> {
    const known = this.#known.get(reference) ?? readOutputs(this.#session, reference);
    this.#known.set(reference, known);
    return known;
  }
}

async function readOutputs(session: Session, reference: string): Promise<PropertyMap | undefined> {
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
