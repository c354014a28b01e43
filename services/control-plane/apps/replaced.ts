import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { UserError } from "../../../lib/errors.ts";
import type { Edited } from "../../../model/stack/editor.ts";

/**
 * The text of a stack file that is replaced by one from elsewhere, whose writer knew it as `before`. Files that say the same
 * are the same, however they are written.
 *
 * @param name of what is declared, for messages
 * @throws UserError when the file here says something else
 */
export function replacedText(name: string, present: string, { before, after }: Edited): string {
  if (saysTheSame(present, after)) return present;
  if (saysTheSame(present, before)) return after;
  throw new UserError(
    `the stack file of ${name} was changed on the host since. Commit there what it says, and begin anew.`,
  );
}

function saysTheSame(one: string, other: string): boolean {
  return one === other || isDeepStrictEqual(parse(one), parse(other));
}
