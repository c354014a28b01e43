import { isMap } from "yaml";
import { UserError } from "../../../lib/errors.ts";
import { isRecord } from "../../../lib/validation/readers.ts";
import { parseForEditing } from "../../../model/stack/edited-yaml.ts";
import { KEY } from "../../../model/stack/keys.ts";

/** How a stack's secrets are encrypted. */
const SALT = "encryptionsalt";

/**
 * A stack file that was sent, with what the host wrote into its own when it made the stack, where the sent one has none: the
 * salt, and an app's key. So a repository need not have them.
 *
 * @param text a file that has a map `config`; nothing stays nothing
 */
export function withOwnSettings(text: string, present: string): string {
  if (text.trim() === "") return text;
  const [document, own] = [parseForEditing(text), parseForEditing(present)];
  let changed = false;
  for (const path of [[SALT], ["config", KEY]]) {
    if (document.hasIn(path) || !own.hasIn(path)) continue;
    document.setIn(path, own.getIn(path, true));
    changed = true;
  }
  return changed ? document.toString({ lineWidth: 0 }) : text;
}

/**
 * @param before what its writer knew; nothing for a stack that is new
 * @throws UserError for a file that says otherwise how its secrets are kept, or takes more than its own settings
 */
export function refuseOtherKeys(stack: string, before: string, after: string): void {
  const [was, is] = [othersIn(before), othersIn(after)];
  const isNew = before.trim() === "";
  if (isNew ? Object.keys(is).every((key) => key === SALT) : JSON.stringify(was) === JSON.stringify(is)) return;
  throw new UserError(`${stack}: beside \`config\` its file may not be changed from here.`);
}

/** What a file says beside its settings. */
function othersIn(text: string): Readonly<Record<string, unknown>> {
  const document = parseForEditing(text);
  if (!isMap(document.contents)) return {};
  // Anchors and aliases can blow a small text up.
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  const { config: _, ...others } = isRecord(value) ? value : {};
  return Object.fromEntries(Object.entries(others).sort());
}
