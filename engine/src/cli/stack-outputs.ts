/** Outputs of other stacks, for StackReference. */
import { parseCheckpoint } from "../state/checkpoint.ts";
import { UserError } from "../state/errors.ts";
import { decodeProperties, type Unseal } from "../state/property-json.ts";
import { mapSecrets } from "../state/sealed-json.ts";
import type { PropertyMap } from "../values/values.ts";
import type { Session } from "./session.ts";

/** @param reference `s`, `organization/s` or `organization/<project>/<s>` @returns undefined when there is no such stack */
export async function stackOutputsOf(session: Session, reference: string): Promise<PropertyMap | undefined> {
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
