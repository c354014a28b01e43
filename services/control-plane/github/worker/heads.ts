import type { DatabaseSync } from "node:sqlite";
import { migrate } from "../../store.ts";

/** The head of a branch that was dealt with: each is, once. */
interface DealtHead {
  readonly branch: string;
  readonly commit: string;
  /** Why it is not deployed; undefined: it was. */
  readonly failed: string | undefined;
}

/**
 * What became of the last head of each app's branch. One that was deployed is not deployed again when somebody goes back
 * to an older release, and one that failed is not tried again.
 */
export class DealtHeads {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    migrate(db, "github-heads", [
      `CREATE TABLE github_head (
         app TEXT PRIMARY KEY, branch TEXT NOT NULL, commitId TEXT NOT NULL, failed TEXT
       ) STRICT`,
    ]);
  }

  /** @param app its stack */
  get(app: string): DealtHead | undefined {
    const row = this.#db.prepare("SELECT branch, commitId, failed FROM github_head WHERE app = ?").get(app);
    if (row === undefined) return undefined;
    const failed = row.failed === null ? undefined : String(row.failed);
    return { branch: String(row.branch), commit: String(row.commitId), failed };
  }

  set(app: string, { branch, commit, failed }: DealtHead): void {
    this.#db.prepare("INSERT OR REPLACE INTO github_head VALUES (?, ?, ?, ?)").run(app, branch, commit, failed ?? null);
  }

  forget(app: string): void {
    this.#db.prepare("DELETE FROM github_head WHERE app = ?").run(app);
  }
}
