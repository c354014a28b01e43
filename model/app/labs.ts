import { isDeepStrictEqual } from "node:util";
import { stableId } from "../ids.ts";
import type { LedgerEntry } from "./ledger.ts";

/** What Heroku calls labs: things that an app has only when it says so. */
export const LABS = ["runtime-dyno-metadata", "log-runtime-metrics"] as const;

export type Lab = (typeof LABS)[number];

/** What of an app's declaration is a release when it changes, as the ledger has it. */
type Released = Pick<LedgerEntry, "slug" | "digest" | "commit" | "configHash" | "addons"> & {
  readonly labs: readonly string[];
};

/**
 * The number that what is declared gets when it serves: that of the last release, if that ran the same, or the next one.
 *
 * @param last null: there was none
 */
export function releaseNumber(last: LedgerEntry | null, declared: Released): number {
  if (last === null) return 1;
  const { slug, digest, commit, configHash, addons, labs = [] } = last;
  // The ledger has no commit of what was not kept.
  const before = { slug, digest, commit: commit || declared.commit, configHash, addons, labs };
  return isDeepStrictEqual(before, { ...declared }) ? last.version : last.version + 1;
}

interface MetadataSettings {
  /** The platform's name. */
  readonly platform: string;
  readonly app: string;
  /** What stays when the app is renamed. */
  readonly id: string;
  /** Of the source, where it is one. */
  readonly commit: string;
  /** Undefined: nobody knows which release it will be. */
  readonly release: number | undefined;
}

/**
 * What `runtime-dyno-metadata` tells every dyno, as the API has it: what their names follow from. Dynos of the formation
 * are told their ids and their release's time besides.
 */
export function metadata({ platform, app, id, commit, release }: MetadataSettings): Record<string, string> {
  return {
    HEROKU_APP_ID: stableId("dynoform", platform, "app", id),
    HEROKU_APP_NAME: app,
    ...(release !== undefined && { HEROKU_RELEASE_VERSION: `v${release}` }),
    ...(commit !== "" && { HEROKU_SLUG_COMMIT: commit, HEROKU_SLUG_DESCRIPTION: `Deploy ${commit.slice(0, 8)}` }),
  };
}
