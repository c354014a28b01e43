import type { DatabaseSync } from "node:sqlite";
import type { ForgeKind } from "../../../../model/github/settings.ts";
import type { Token } from "../../accounts/token.ts";
import { migrate } from "../../store.ts";
import type { Clock } from "../../types.ts";
import type { Credential } from "../ports.ts";
import { STEPS } from "./schema.ts";
import { seal, unseal } from "./seal.ts";

/** By what an account of GitHub's was connected. */
type Way = "app" | "token" | "device";

/** What may be shown of a connection. */
export interface Connected {
  readonly forge: ForgeKind;
  readonly baseUrl: string;
  readonly way: Way;
  /** As GitHub calls the account; undefined: the App is made and not installed yet. */
  readonly login: string | undefined;
  /** The App's page at GitHub. */
  readonly page: string | undefined;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
}

/** Derives the key that seals credentials. */
const PURPOSE = "github-connection";

/** The connections of users, one each, by the ids of their accounts. It goes with the account. */
export class ConnectionStore {
  readonly #db: DatabaseSync;
  readonly #key: Pick<Token, "key">;
  readonly #clock: Clock;

  /** @param db with the tables of accounts */
  constructor(db: DatabaseSync, key: Pick<Token, "key">, clock: Clock) {
    migrate(db, "github-connections", STEPS);
    this.#db = db;
    this.#key = key;
    this.#clock = clock;
  }

  /** Takes the place of the one that there was. */
  async put(account: string, it: Omit<Connected, "connectedAt">, credential: Credential): Promise<void> {
    const sealed = seal(await this.#key.key(PURPOSE), account, JSON.stringify(credential));
    this.#db
      .prepare("INSERT OR REPLACE INTO github_connection VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .run(account, it.baseUrl, it.way, it.login ?? null, it.page ?? null, sealed, this.#clock(), it.forge);
  }

  get(account: string): Connected | undefined {
    const row = this.#row(account);
    if (row === undefined) return undefined;
    return {
      forge: row.forge === "gitea" ? "gitea" : "github",
      baseUrl: String(row.base_url),
      way: row.way as Way,
      login: row.login === null ? undefined : String(row.login),
      page: row.page === null ? undefined : String(row.page),
      connectedAt: Number(row.created_at),
    };
  }

  /** Undefined: there is none, or the platform's key is another one since. */
  async credential(account: string): Promise<Credential | undefined> {
    const row = this.#row(account);
    if (row === undefined) return undefined;
    const text = unseal(await this.#key.key(PURPOSE), account, row.credential as Uint8Array);
    return text === undefined ? undefined : (JSON.parse(text) as Credential);
  }

  /** @returns whether there was one */
  remove(account: string): boolean {
    return this.#db.prepare("DELETE FROM github_connection WHERE account = ?").run(account).changes === 1;
  }

  #row(account: string): Readonly<Record<string, unknown>> | undefined {
    return this.#db.prepare("SELECT * FROM github_connection WHERE account = ?").get(account);
  }
}
