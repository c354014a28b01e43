import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { migrate } from "../store.ts";
import type { Clock } from "../types.ts";
import type { Review } from "./ports.ts";

type ReviewChange = Partial<Omit<Review, "id" | "pipeline" | "pull" | "createdAt" | "updatedAt">>;

/** What is known of pull requests' review apps. Which there are stands in stack files. */
export class ReviewStore {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;

  constructor(db: DatabaseSync, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    migrate(db, "reviews", [
      `CREATE TABLE review (
         id TEXT PRIMARY KEY, pipeline TEXT NOT NULL, pull INTEGER NOT NULL, what TEXT NOT NULL, UNIQUE (pipeline, pull)
       ) STRICT`,
    ]);
  }

  get(pipeline: string, pull: number): Review | undefined {
    return read(this.#db.prepare("SELECT what FROM review WHERE pipeline = ? AND pull = ?").get(pipeline, pull));
  }

  byId(id: string): Review | undefined {
    return read(this.#db.prepare("SELECT what FROM review WHERE id = ?").get(id));
  }

  /** The newest first. */
  list(pipeline: string): Review[] {
    const rows = this.#db.prepare("SELECT what FROM review WHERE pipeline = ? ORDER BY rowid DESC").all(pipeline);
    return rows.flatMap((row) => read(row) ?? []);
  }

  /** @param app its id */
  ofApp(app: string): Review | undefined {
    return read(this.#db.prepare("SELECT what FROM review WHERE what ->> 'app' = ?").get(app));
  }

  /** Notes what is so from now on; what is not named stays as it was. */
  put(pipeline: string, pull: number, change: ReviewChange): Review {
    const now = this.#clock();
    const before: Review = this.get(pipeline, pull) ?? {
      id: randomUUID(),
      pipeline,
      pull,
      branch: "",
      commit: "",
      app: null,
      name: null,
      status: "pending",
      message: null,
      stage: "new",
      byHand: false,
      predestroy: null,
      approved: null,
      deployedAt: 0,
      createdAt: now,
      updatedAt: now,
    };
    const after: Review = { ...before, ...change, updatedAt: now };
    this.#db
      .prepare(
        `INSERT INTO review VALUES (?, ?, ?, ?)
           ON CONFLICT (pipeline, pull) DO UPDATE SET what = excluded.what`,
      )
      .run(after.id, pipeline, pull, JSON.stringify(after));
    return after;
  }

  forget(pipeline: string, pull: number): void {
    this.#db.prepare("DELETE FROM review WHERE pipeline = ? AND pull = ?").run(pipeline, pull);
  }
}

function read(row: Record<string, unknown> | undefined): Review | undefined {
  return row && JSON.parse(String(row.what));
}
