/** One release, as the ledger has it. Nothing of it is secret. */
export type LedgerEntry = {
  /** From 1. */
  version: number;
  /** 40 hexadecimal digits; empty: its source is not kept, so it can be built no more. */
  commit: string;
  /** Docker's id; empty: nothing was deployed. */
  image: string;
  /** What dynos are named after; empty: nothing was deployed. */
  slug: string;
  /** Of the source tree, hex SHA-256. */
  digest: string;
  /** As Heroku words it: "Set GREETING config vars". */
  description: string;
  user: string;
  /** ISO 8601. */
  createdAt: string;
  /** Which of `configs` it ran with. */
  configHash: string;
  /** The Procfile's process types to their commands. */
  processes: { [type: string]: string };
  /** Add-ons by what they are attached as, and the generation of their credentials, with the database if it has another name. */
  addons: { [attachment: string]: number | string };
  /** What of Heroku's labs the app had, sorted; absent: none. */
  labs?: string[];
  /** The image was taken from another app, and is taken again by whoever goes back to it; absent: it was built. */
  promoted?: boolean;
};

/** Config vars by name. */
export type Config = { [name: string]: string };

/** Config vars of the releases that are kept, by {@link LedgerEntry.configHash}. Secret. */
export type Configs = { [configHash: string]: Config };

/** The newest `keep` releases, oldest first. */
export function newest(ledger: readonly LedgerEntry[], keep: number): LedgerEntry[] {
  return ledger.slice(-Math.max(1, keep));
}

/** The config vars that a ledger still names. */
export function namedConfigs(ledger: readonly LedgerEntry[], configs: Configs): Configs {
  const named = new Set(ledger.map(({ configHash }) => configHash));
  return Object.fromEntries(Object.entries(configs).filter(([hash]) => named.has(hash)));
}
