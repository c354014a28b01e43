import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { migrate } from "../store.ts";
import type { Clock } from "../types.ts";
import type { Promotion, PromotionTarget } from "./ports.ts";

/** How many promotions of a pipeline are kept. */
const KEPT = 100;

type NewPromotion = Pick<Promotion, "pipeline" | "source" | "release" | "image" | "user"> & {
  /** The ids of apps. */
  readonly targets: readonly string[];
};

/** What was promoted, and how it ended. */
export class PromotionStore {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;

  constructor(db: DatabaseSync, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    migrate(db, "promotions", [
      `CREATE TABLE promotion (
         number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, pipeline TEXT NOT NULL, source TEXT NOT NULL,
         release INTEGER NOT NULL, image TEXT NOT NULL, user TEXT NOT NULL, createdAt INTEGER NOT NULL, updatedAt INTEGER NOT NULL
       ) STRICT;
       CREATE INDEX promotion_of_pipeline ON promotion (pipeline, number);
       CREATE TABLE promotion_target (
         promotion TEXT NOT NULL REFERENCES promotion (id) ON DELETE CASCADE, app TEXT NOT NULL,
         status TEXT NOT NULL, release INTEGER, error TEXT, PRIMARY KEY (promotion, app)
       ) STRICT`,
    ]);
  }

  begin({ pipeline, source, release, image, user, targets }: NewPromotion): Promotion {
    const [id, now] = [randomUUID(), this.#clock()];
    this.#db
      .prepare("INSERT INTO promotion VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)")
      .run(id, pipeline, source, release, image, user, now, now);
    for (const app of targets) {
      this.#db.prepare("INSERT INTO promotion_target VALUES (?, ?, 'pending', NULL, NULL)").run(id, app);
    }
    this.#db
      .prepare(
        `DELETE FROM promotion WHERE pipeline = ?1 AND number NOT IN
           (SELECT number FROM promotion WHERE pipeline = ?1 ORDER BY number DESC LIMIT ${KEPT})`,
      )
      .run(pipeline);
    return this.get(id) as Promotion;
  }

  end(id: string, app: string, result: Pick<PromotionTarget, "release" | "error">): void {
    const status = result.error === null ? "succeeded" : "failed";
    this.#db
      .prepare("UPDATE promotion_target SET status = ?, release = ?, error = ? WHERE promotion = ? AND app = ?")
      .run(status, result.release, result.error, id, app);
    this.#db.prepare("UPDATE promotion SET updatedAt = ? WHERE id = ?").run(this.#clock(), id);
  }

  get(id: string): Promotion | undefined {
    const row = this.#db.prepare("SELECT * FROM promotion WHERE id = ?").get(id);
    return row && this.#read(row);
  }

  /** The newest first. */
  list(pipeline: string): Promotion[] {
    const rows = this.#db.prepare("SELECT * FROM promotion WHERE pipeline = ? ORDER BY number DESC").all(pipeline);
    return rows.map((row) => this.#read(row));
  }

  /** Those that an earlier process began and did not end. */
  pending(): Promotion[] {
    const ids = this.#db.prepare("SELECT DISTINCT promotion FROM promotion_target WHERE status = 'pending'").all();
    return ids.flatMap(({ promotion }) => this.get(String(promotion)) ?? []);
  }

  forget(pipeline: string): void {
    this.#db.prepare("DELETE FROM promotion WHERE pipeline = ?").run(pipeline);
  }

  #read(row: Record<string, unknown>): Promotion {
    const targets = this.#db
      .prepare("SELECT app, status, release, error FROM promotion_target WHERE promotion = ? ORDER BY rowid")
      .all(String(row.id)) as unknown as PromotionTarget[];
    const { number: _number, ...promotion } = row;
    return { ...(promotion as unknown as Omit<Promotion, "targets">), targets };
  }
}
