import { UserError } from "../../../lib/errors.ts";
import { isRecord } from "../../../lib/validation/readers.ts";
import { PLATFORM } from "../../../model/stack/keys.ts";
import { findProject, readStackFiles, type StackFile } from "../../../model/stack/project.ts";
import type { Engine, Outcome } from "../engine.ts";
import { denied, parseRules, type Rule, refusal } from "./policy.ts";

/** What the platforms of a project deny to every `up` that a tool starts: `dynoform:platform.deny`. */
export function declaredRules(files: readonly StackFile[]): Rule[] {
  const texts = files.flatMap(({ kind, config }) => {
    const platform = kind === "platform" ? config[PLATFORM] : undefined;
    return isRecord(platform) && Array.isArray(platform.deny) ? platform.deny.map(String) : [];
  });
  return parseRules(texts);
}

/**
 * Brings a stack up, unless rules deny what that would do. Where there are none, nothing is previewed.
 *
 * @param more rules besides the platform's own
 * @throws UserError when it is denied, before anything was done
 */
export async function guardedUp(
  engine: Engine,
  directory: string,
  stack: string,
  args: readonly string[] = [],
  more: readonly Rule[] = [],
): Promise<Outcome> {
  const files = await readStackFiles(await findProject(directory));
  const rules = [...declaredRules(files), ...more];
  if (rules.length > 0) {
    const { planned = [] } = await engine.preview(stack, args);
    const config = files.find((file) => file.stack === stack)?.config ?? {};
    const refused = denied(rules, planned, config);
    if (refused.length > 0) throw new UserError(refusal(stack, refused));
  }
  return engine.up(stack, args);
}
