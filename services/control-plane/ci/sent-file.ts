import { relative, resolve } from "node:path";
import { parse, stringify, YAMLParseError } from "yaml";
import { UserError } from "../../../lib/errors.ts";
import { isRecord } from "../../../lib/validation/readers.ts";
import {
  ALLOW_DATA_LOSS,
  APP,
  CERTIFICATES,
  CONFIG,
  GITHUB,
  GITHUB_AUTH,
  KEY,
  PLATFORM,
} from "../../../model/stack/keys.ts";
import { newKey } from "../../stacks/new-stack.ts";

/** What a stack file that was sent can be: one that this host previews, or one that it does not. */
type Sent = { readonly settings: string } | { readonly elsewhere: string };

/** Keys below which secure values stay secrets, whatever is done with them. */
const SECRET_KEYS = [CONFIG, CERTIFICATES, KEY];

/** The keys of an app's and a platform's files. All others may tell providers where to go. */
const KEYS = [APP, PLATFORM, ALLOW_DATA_LOSS, ...SECRET_KEYS];

/** Those of a link's, which says whom the host is to ask: only for who may bring up. */
const LINK_KEYS = [GITHUB, GITHUB_AUTH];

/** What a file declares that may be brought up from elsewhere. */
export type SentKind = "app" | "link";

/**
 * What a stack file declares that a workflow sent to be brought up: an app or a link.
 *
 * @param project the folder of Pulumi.yaml
 * @throws UserError for what is refused
 */
export function kindOf(stack: string, text: string, project: string): SentKind | undefined {
  const { config } = mapOf(stack, text);
  if (!isRecord(config)) throw new UserError(`the file of ${stack} has no map \`config\`.`);
  if (PLATFORM in config) return undefined;
  if (APP in config) {
    refuseOthers(stack, config, KEYS, project);
    return "app";
  }
  if (!(GITHUB in config)) return undefined;
  refuseOthers(stack, config, LINK_KEYS, project);
  return "link";
}

/**
 * The settings to preview, from a stack file that a workflow sent. Whoever wrote it may be anybody who can open a pull request:
 * it may not say whom the host is to ask, what of the host is read, nor have a secret shown by putting it in another place.
 *
 * @param present the host's own file of the stack, whose salt and provider of secrets are kept; undefined: there is none
 * @param project the folder of Pulumi.yaml
 * @throws UserError for what is refused
 */
export function settingsOf(stack: string, text: string, present: string | undefined, project: string): Sent {
  const { config, encryptionsalt } = mapOf(stack, text);
  if (!isRecord(config)) throw new UserError(`the file of ${stack} has no map \`config\`.`);
  if (!(APP in config) && !(PLATFORM in config)) {
    return { elsewhere: "only files of platforms and apps are previewed by their host" };
  }
  refuseOthers(stack, config, KEYS, project);
  if (present === undefined) {
    const salt = typeof encryptionsalt === "string" ? { encryptionsalt } : {};
    // As the run that makes it will.
    const key = APP in config && !(KEY in config) ? { [KEY]: newKey() } : {};
    return { settings: stringify({ ...salt, config: { ...config, ...key } }) };
  }
  const { config: own, ...rest } = mapOf(stack, present);
  const before = isRecord(own) ? own : {};
  for (const kind of [APP, PLATFORM]) {
    if (kind in before && !(kind in config)) throw new UserError(`${stack} is no longer a stack of its kind.`);
  }
  const key = KEY in before ? { [KEY]: before[KEY] } : {};
  return { settings: stringify({ ...rest, config: { ...key, ...config } }) };
}

function refuseOthers(
  stack: string,
  config: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  project: string,
): void {
  for (const [key, value] of Object.entries(config)) {
    if (!keys.includes(key)) throw new UserError(`${stack}: ${key} is not taken from a workflow.`);
    if (![...SECRET_KEYS, GITHUB_AUTH].includes(key)) refuseSecure(stack, key, value);
  }
  refuseOutside(stack, config[APP], project);
}

function mapOf(stack: string, text: string): Readonly<Record<string, unknown>> {
  try {
    // Anchors and aliases can blow a small text up.
    const value: unknown = parse(text, { maxAliasCount: 0 });
    if (isRecord(value)) return value;
  } catch (error) {
    if (!(error instanceof YAMLParseError) && !(error instanceof ReferenceError)) throw error;
  }
  throw new UserError(`the file of ${stack} is no valid YAML.`);
}

/** A secret in a plain setting would be shown as any other. */
function refuseSecure(stack: string, path: string, value: unknown): void {
  if (Array.isArray(value)) for (const each of value) refuseSecure(stack, path, each);
  if (!isRecord(value)) return;
  if ("secure" in value) {
    throw new UserError(`${stack}: ${path} has a secure value, which only ${SECRET_KEYS.join(", ")} may have here.`);
  }
  for (const [key, each] of Object.entries(value)) refuseSecure(stack, `${path}.${key}`, each);
}

/** Its source is read on the host. */
function refuseOutside(stack: string, app: unknown, project: string): void {
  const source = isRecord(app) && isRecord(app.source) ? app.source.path : undefined;
  if (source === undefined) return;
  const path = typeof source === "string" ? relative(project, resolve(project, source)) : "..";
  if (path.startsWith("..") || path.split("/").some((part) => part.startsWith("."))) {
    throw new UserError(`${stack}: its source lies outside of the project, or is hidden in it.`);
  }
}
