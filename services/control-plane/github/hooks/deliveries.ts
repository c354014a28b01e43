import type { DatabaseSync } from "node:sqlite";
import { migrate } from "../../store.ts";
import type { Clock } from "../../types.ts";

/** Milliseconds. GitHub sends a delivery again for three days at most. */
const KEPT_MS = 8 * 86_400_000;

/** What has come from repositories: the ids of deliveries, and which webhooks reach us. No body is kept. */
export class Deliveries {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;

  constructor(db: DatabaseSync, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    migrate(db, "github-deliveries", [
      `CREATE TABLE github_delivery (
         stack TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (stack, id)
       ) STRICT;
       CREATE INDEX github_delivery_at ON github_delivery (at);
       CREATE TABLE github_hook (stack TEXT PRIMARY KEY, hook TEXT NOT NULL, heardAt INTEGER NOT NULL) STRICT`,
    ]);
  }

  has(stack: string, id: string): boolean {
    return this.#db.prepare("SELECT 1 FROM github_delivery WHERE stack = ? AND id = ?").get(stack, id) !== undefined;
  }

  /** Notes one that was taken. @param hook whose it is, e.g. its address */
  note(stack: string, id: string, hook: string): void {
    const now = this.#clock();
    this.#db.prepare("DELETE FROM github_delivery WHERE at < ?").run(now - KEPT_MS);
    this.#db.prepare("INSERT OR IGNORE INTO github_delivery VALUES (?, ?, ?)").run(stack, id, now);
    this.#db
      .prepare("INSERT INTO github_hook VALUES (?, ?, ?) ON CONFLICT (stack) DO UPDATE SET hook = ?2, heardAt = ?3")
      .run(stack, hook, now);
  }

  /** Whether this very webhook was heard from, and has not been found deaf since. */
  isHeard(stack: string, hook: string): boolean {
    return this.#db.prepare("SELECT 1 FROM github_hook WHERE stack = ? AND hook = ?").get(stack, hook) !== undefined;
  }

  /** Something happened of which a webhook did not tell. */
  deaf(stack: string): void {
    this.#db.prepare("DELETE FROM github_hook WHERE stack = ?").run(stack);
  }

  /** Of a link that is gone. */
  forget(stack: string): void {
    this.deaf(stack);
    this.#db.prepare("DELETE FROM github_delivery WHERE stack = ?").run(stack);
  }
}
