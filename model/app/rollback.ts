import type { Config, Configs, LedgerEntry } from "./ledger.ts";

/** What to write into a stack file to go back to a release. Formation, add-ons and what add-ons set stay as they are. */
type RollbackPlan =
  | {
      readonly eligible: true;
      /** For `dynoform:app.source`; undefined: it stays, as the release had the source that runs. */
      readonly source: { readonly commit: string; readonly image?: string } | undefined;
      /** All that `dynoform:config` shall hold. Secret. */
      readonly config: Readonly<Config>;
      /** For the release that this will be: "Rollback to v3". */
      readonly description: string;
    }
  | {
      readonly eligible: false;
      /** In one line. */
      readonly why: string;
    };

/**
 * How an app gets back to an older release.
 *
 * @param ledger the output `releases` of the app's stack
 * @param configs its output `configs`
 */
export function rollbackPlan(ledger: readonly LedgerEntry[], configs: Configs, version: number): RollbackPlan {
  const no = (why: string) => ({ eligible: false, why }) as const;
  const current = ledger.at(-1);
  const entry = ledger.find((release) => release.version === version);
  if (current === undefined) return no("the app has no releases");
  if (entry === undefined) {
    return no(`there is no v${version}; the releases that are kept are v${ledger[0]?.version} to v${current.version}`);
  }
  if (entry === current) return no(`v${version} is the current release`);
  if (entry.slug === "") return no(`nothing was deployed in v${version}`);
  if (entry.commit === "" && entry.slug !== current.slug) {
    return no(`the source of v${version} was not kept (was git missing on the machine then?), so it cannot be built`);
  }
  const kept = configs[entry.configHash];
  if (kept === undefined) return no(`the config vars of v${version} were not kept`);
  // An add-on attached since may set what was a config var then.
  const set = new Set(Object.keys(current.addons).map((attachment) => `${attachment}_URL`));
  return {
    eligible: true,
    source: sourceOf(entry),
    config: Object.fromEntries(Object.entries(kept).filter(([name]) => !set.has(name))),
    description: `Rollback to v${version}`,
  };
}

function sourceOf({ commit, image, promoted }: LedgerEntry) {
  if (commit === "") return undefined;
  return promoted === true ? { commit, image } : { commit };
}
