import { randomBytes } from "node:crypto";
import type { Engine } from "./engine.ts";
import { PulumiFailure, pulumiReason } from "./reasons.ts";

/** A new value of `dynoform:key`. */
export function newKey(): string {
  return randomBytes(32).toString("hex");
}

/**
 * Makes a stack, its file's salt included. One that the backend knows without a resource is what a preview left that
 * was killed, and is made anew.
 *
 * @throws PulumiFailure `exists` when it holds resources: there is nothing to undo then, and much to lose
 */
export async function initStack(engine: Engine, stack: string): Promise<void> {
  const init = () => engine.init(stack, { select: false });
  try {
    await init();
  } catch (error) {
    if (pulumiReason(error) !== "exists") throw error;
    const left = (await engine.resources(stack)).filter(({ type }) => type !== "pulumi:pulumi:Stack");
    if (left.length > 0) {
      throw new PulumiFailure(
        `${stack}: the backend has such a stack already, with ${left.length} resources and without a stack file. Put Pulumi.${stack}.yaml back, or remove them with \`pulumi destroy -s ${stack} --remove\`.`,
        "exists",
      );
    }
    await engine.remove(stack);
    await init();
  }
}

/** Removes a stack that has no resources any more; its file stays. */
export async function removeStack(engine: Engine, stack: string): Promise<void> {
  await engine.remove(stack).catch((error: unknown) => {
    if (pulumiReason(error) !== "unknown-stack") throw error;
  });
}
