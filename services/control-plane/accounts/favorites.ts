import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../types.ts";

/** The apps that users have marked, named by what stays when they are renamed. */
export class Favorites {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;

  constructor(db: DatabaseSync, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** @returns what a user has marked, the oldest mark first */
  of(user: string): string[] {
    return this.#db
      .prepare("SELECT app FROM favorite WHERE account = ? ORDER BY created_at, app")
      .all(user)
      .map(({ app }) => String(app));
  }

  /** Marks an app, which may be marked already. */
  add(user: string, app: string): void {
    this.#db.prepare("INSERT OR IGNORE INTO favorite VALUES (?, ?, ?)").run(user, app, this.#clock());
  }

  remove(user: string, app: string): void {
    this.#db.prepare("DELETE FROM favorite WHERE account = ? AND app = ?").run(user, app);
  }

  /** Forgets an app that is gone, so that the next one of its name is nobody's favorite. */
  forget(app: string): void {
    this.#db.prepare("DELETE FROM favorite WHERE app = ?").run(app);
  }
}
