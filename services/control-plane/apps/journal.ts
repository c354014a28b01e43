import type { DatabaseSync } from "node:sqlite";
import { migrate } from "../store.ts";
import type { Act, Clock } from "../types.ts";

/** Something that was done to an app. */
export interface Activity extends Act {
  readonly id: number;
  readonly app: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Undefined: it goes on. */
  readonly endedAt: number | undefined;
  readonly result: "running" | "succeeded" | "failed";
  /** Why it failed. */
  readonly message: string | undefined;
  /** The end of what Pulumi printed. */
  readonly log: string | undefined;
}

/** `edit`: an app's file changes. `rename`: also what others call the app. */
export type AppChangeKind = "edit" | "rename" | "create" | "destroy";

/**
 * What is done to the stack of a repository, or of a pipeline. `loosen`: an edit that takes something away, so that it
 * stands whether a forge answers or not.
 */
export type StackChangeKind = `${"link" | "pipeline"}-${"edit" | "loosen" | "create" | "destroy"}`;

export type ChangeKind = AppChangeKind | StackChangeKind;

/** A change that is being made, with all that another process needs to finish it. */
export interface Change {
  readonly kind: ChangeKind;
  /** Of its activity. */
  readonly activity: number;
  readonly app: string;
  readonly stack: string;
  /** Of the stack file. */
  readonly path: string;
  /** `applying`: the file says it, or is about to. `reverting`: the file is, or is being, put back. */
  readonly state: "applying" | "reverting";
  /** What the file says; empty: there is none. */
  readonly before: string;
  readonly after: string;
  /** The runs of Pulumi: that of the change, and the one that cleans up after it. */
  readonly run: string;
  readonly repair: string;
  /** Why it is reverted. */
  readonly message: string | null;
}

/** How much of each app's activity is kept. */
const KEPT = 500;
/** Characters. */
const LONGEST_LOG = 32_768;

/** The control plane's own record of what it does to apps. */
export class Journal {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;

  constructor(db: DatabaseSync, clock: Clock = Date.now) {
    this.#db = db;
    this.#clock = clock;
    migrate(db, "apps", [
      `CREATE TABLE activity (
         id INTEGER PRIMARY KEY, app TEXT NOT NULL, user TEXT NOT NULL, description TEXT NOT NULL,
         startedAt INTEGER NOT NULL, endedAt INTEGER, result TEXT NOT NULL, message TEXT, log TEXT
       ) STRICT;
       CREATE INDEX activity_of_app ON activity (app, id);
       CREATE TABLE change (
         activity INTEGER PRIMARY KEY REFERENCES activity, app TEXT NOT NULL, stack TEXT NOT NULL, path TEXT NOT NULL,
         state TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, run TEXT NOT NULL, repair TEXT NOT NULL,
         message TEXT
       ) STRICT;
       CREATE TABLE seen (stack TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT`,
      "ALTER TABLE change ADD COLUMN kind TEXT NOT NULL DEFAULT 'edit'",
    ]);
  }

  /** Notes that something is begun. @returns the activity's id */
  begin(app: string, { user, description }: Act): number {
    const { lastInsertRowid: id } = this.#db
      .prepare("INSERT INTO activity (app, user, description, startedAt, result) VALUES (?, ?, ?, ?, 'running')")
      .run(app, user, description, this.#clock());
    this.#db
      .prepare(
        `DELETE FROM activity WHERE app = ?1 AND result <> 'running' AND id NOT IN
           (SELECT id FROM activity WHERE app = ?1 ORDER BY id DESC LIMIT ${KEPT})`,
      )
      .run(app);
    return Number(id);
  }

  /** Notes how it ended; a change is then no longer to be finished. */
  end(
    id: number,
    result: "succeeded" | "failed",
    told: { readonly message?: string; readonly log?: string } = {},
  ): void {
    this.#db.prepare("DELETE FROM change WHERE activity = ?").run(id);
    this.#db
      .prepare("UPDATE activity SET endedAt = ?, result = ?, message = ?, log = ? WHERE id = ?")
      .run(this.#clock(), result, told.message ?? null, told.log?.slice(-LONGEST_LOG) ?? null, id);
  }

  /** The newest first. */
  activity(app: string, limit = 50): Activity[] {
    const rows = this.#db.prepare("SELECT * FROM activity WHERE app = ? ORDER BY id DESC LIMIT ?").all(app, limit);
    return rows.map((row) => ({
      ...(row as unknown as Activity),
      endedAt: (row.endedAt as number | null) ?? undefined,
      message: (row.message as string | null) ?? undefined,
      log: (row.log as string | null) ?? undefined,
    }));
  }

  /** Who did it and why. */
  actOf(id: number): Act {
    const row = this.#db.prepare("SELECT user, description FROM activity WHERE id = ?").get(id);
    return { user: String(row?.user), description: String(row?.description) };
  }

  applying(change: Omit<Change, "state" | "message">): void {
    const { kind, activity, app, stack, path, before, after, run, repair } = change;
    this.#db
      .prepare("INSERT INTO change VALUES (?, ?, ?, ?, 'applying', ?, ?, ?, ?, NULL, ?)")
      .run(activity, app, stack, path, before, after, run, repair, kind);
  }

  reverting(activity: number, message: string): void {
    this.#db.prepare("UPDATE change SET state = 'reverting', message = ? WHERE activity = ?").run(message, activity);
  }

  /** What another process began and did not finish, the oldest first. */
  unfinished(): Change[] {
    return this.#db.prepare("SELECT * FROM change ORDER BY activity").all() as unknown as Change[];
  }

  /** What was begun by a process that ended before it changed anything. */
  forgetUnbegun(message: string): void {
    this.#db
      .prepare(
        `UPDATE activity SET endedAt = ?, result = 'failed', message = ?
           WHERE result = 'running' AND id NOT IN (SELECT activity FROM change)`,
      )
      .run(this.#clock(), message);
  }

  /** An app is called otherwise from now on. */
  rename(app: string, to: string): void {
    this.#db.prepare("UPDATE activity SET app = ? WHERE app = ?").run(to, app);
  }

  /** Forgets what was done to an app that is no more, before another takes its name. */
  forgetApp(app: string): void {
    this.#db.prepare("DELETE FROM activity WHERE app = ? AND id NOT IN (SELECT activity FROM change)").run(app);
  }

  /** Forgets when a stack that is no more was seen first. */
  forgetStack(stack: string): void {
    this.#db.prepare("DELETE FROM seen WHERE stack = ?").run(stack);
  }

  /** When a stack was seen first, in milliseconds since 1970. */
  firstSeen(stack: string): number {
    this.#db.prepare("INSERT INTO seen VALUES (?, ?) ON CONFLICT DO NOTHING").run(stack, this.#clock());
    return Number(this.#db.prepare("SELECT at FROM seen WHERE stack = ?").get(stack)?.at);
  }
}
