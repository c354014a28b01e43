import { randomBytes } from "node:crypto";
import { UserError } from "../../lib/errors.ts";
import { type Engine, PulumiError } from "./engine.ts";

/** A new value of `dynoform:key`. */
export function newKey(): string {
  return randomBytes(32).toString("hex");
}

/** Whether the backend said that it has no such stack. */
export function isUnknownStack(error: unknown): boolean {
  return error instanceof UserError && /no stack named/.test(error.message);
}

/** What {@link initStack} says when it made nothing. */
const TAKEN = "the backend has such a stack already";

/** Whether a run failed because {@link initStack} refused: there is nothing to undo, and much to lose. */
export function isTakenStack(message: string): boolean {
  return message.includes(TAKEN);
}

/**
 * Makes a stack, its file's salt included. One that the backend knows without a resource is what a preview left that
 * was killed, and is made anew.
 *
 * @throws UserError when it holds resources
 */
export async function initStack(engine: Engine, stack: string): Promise<void> {
  const init = () => engine.init(stack, { select: false });
  try {
    await init();
  } catch (error) {
    if (!(error instanceof PulumiError) || !error.output.includes("already exists")) throw error;
    const left = (await engine.resources(stack)).filter(({ type }) => type !== "pulumi:pulumi:Stack");
    if (left.length > 0) {
      throw new UserError(
        `${stack}: ${TAKEN}, with ${left.length} resources and without a stack file. Put Pulumi.${stack}.yaml back, or remove them with \`pulumi destroy -s ${stack} --remove\`.`,
      );
    }
    await engine.remove(stack);
    await init();
  }
}

/** Removes a stack that has no resources any more; its file stays. */
export async function removeStack(engine: Engine, stack: string): Promise<void> {
  await engine.remove(stack).catch((error: unknown) => {
    if (!isUnknownStack(error)) throw error;
  });
}
