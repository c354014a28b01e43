import { isDeepStrictEqual } from "node:util";
import type { LedgerEntry } from "../../model/app/ledger.ts";

/** What runs, as far as a change of it is a release. */
export interface Runs {
  readonly slug: string;
  readonly digest: string;
  readonly commit: string;
  readonly configHash: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly addons: Readonly<Record<string, number | string>>;
  readonly labs?: readonly string[];
}

/** How much of a commit's id is shown. */
const SHORT = 8;

/**
 * What a release changes, as Heroku words it: "Deploy 1a2b3c4d", "Set GREETING config vars". Undefined: nothing that
 * makes a release.
 *
 * @param before what ran; undefined for the first release
 * @param ledger where releases that come back are found
 */
export function describeChanges(
  before: Runs | undefined,
  after: Runs,
  ledger: readonly LedgerEntry[] = [],
): string | undefined {
  if (before === undefined) return after.slug === "" ? "Initial release" : deploy(after);
  const source = (["slug", "digest", "commit"] as const).some((part) => before[part] !== after[part]);
  const again = source ? ledger.slice(0, -1).findLast((entry) => isSame(entry, after)) : undefined;
  // What a rollback leaves as it is.
  const besides = [...addonPhrases(before.addons, after.addons), ...labPhrases(before.labs, after.labs)];
  const phrases = again
    ? [`Rollback to v${again.version}`, ...besides]
    : [...(source ? [deploy(after)] : []), ...configPhrases(before.config, after.config), ...besides];
  const [first, ...rest] = phrases;
  if (first === undefined) return undefined;
  return [first, ...rest.map((phrase) => phrase.charAt(0).toLowerCase() + phrase.slice(1))].join("; ");
}

function isSame(entry: LedgerEntry, { slug, configHash }: Runs): boolean {
  return entry.slug === slug && entry.configHash === configHash;
}

function deploy({ slug, commit, digest }: Runs): string {
  return slug === "" ? "Remove the source" : `Deploy ${(commit || digest).slice(0, SHORT)}`;
}

function configPhrases(before: Runs["config"], after: Runs["config"]): string[] {
  const set = Object.keys(after).filter((name) => !isDeepStrictEqual(before[name], after[name]));
  const removed = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  return [
    ...(set.length > 0 ? [`Set ${set.sort().join(", ")} config vars`] : []),
    ...(removed.length > 0 ? [`Remove ${removed.sort().join(", ")} config vars`] : []),
  ];
}

function addonPhrases(before: Runs["addons"], after: Runs["addons"]): string[] {
  const detached = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  const rotated = Object.keys(after).filter((name) => isRotated(before[name], after[name]));
  const attached = Object.keys(after).filter((name) => before[name] !== after[name] && !rotated.includes(name));
  return [
    ...attached.map((name) => `Attach ${name}`),
    ...detached.map((name) => `Detach ${name}`),
    ...rotated.map((name) => `Rotate ${name} credentials`),
  ];
}

/** Of the same database. */
function isRotated(before: number | string | undefined, after: number | string | undefined): boolean {
  if (before === undefined || before === after) return false;
  const database = (of: number | string | undefined) => String(of).replace(/(^|[ _])\d+$/, "");
  return database(before) === database(after);
}

function labPhrases(before: readonly string[] = [], after: readonly string[] = []): string[] {
  return [
    ...after.filter((lab) => !before.includes(lab)).map((lab) => `Enable ${lab} feature`),
    ...before.filter((lab) => !after.includes(lab)).map((lab) => `Disable ${lab} feature`),
  ];
}
