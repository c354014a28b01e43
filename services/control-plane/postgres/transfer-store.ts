import type { DatabaseSync } from "node:sqlite";
import { migrate } from "../store.ts";
import type { Clock } from "../types.ts";

type TransferKind = "backup" | "restore" | "copy" | "reset";

type TransferState = "pending" | "running" | "succeeded" | "failed";

/** A copy of a whole database: into a file, out of one, from another database; or of none, which empties it. */
export interface Transfer {
  readonly id: number;
  readonly uuid: string;
  /** The id of the app whose database is backed up, or written to. */
  readonly app: string;
  /** Counted for each app. */
  readonly number: number;
  readonly kind: TransferKind;
  /** The add-on's id within the app. */
  readonly addon: string;
  /** What is read, and what is written, as people call it. */
  readonly from: string;
  readonly to: string;
  /** In Postgres: the database that is backed up, or written to. */
  readonly database: string;
  /** Where it comes from: a database, or the id of a backup's transfer. */
  readonly source: string | null;
  /** To be there before anything else is, separated by blanks. */
  readonly extensions: string;
  readonly state: TransferState;
  /** Docker's name for its process. */
  readonly execution: string | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly canceledAt: number | null;
  /** Of the database that was read. */
  readonly sourceBytes: number;
  /** Written. */
  readonly bytes: number;
  /** Why it failed. */
  readonly message: string | null;
}

export type NewTransfer = Pick<
  Transfer,
  "uuid" | "app" | "kind" | "addon" | "from" | "to" | "database" | "source" | "extensions"
>;

const COLUMNS =
  'id, uuid, app, number, kind, addon, "from", "to", database, source, extensions, state, execution, createdAt, startedAt, finishedAt, canceledAt, sourceBytes, bytes, message';

/** What the control plane remembers of transfers, and whose databases are called what. */
export class TransferStore {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;

  constructor(db: DatabaseSync, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    migrate(db, "postgres", [
      `CREATE TABLE transfer (
         id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, app TEXT NOT NULL, number INTEGER NOT NULL,
         kind TEXT NOT NULL, addon TEXT NOT NULL, "from" TEXT NOT NULL, "to" TEXT NOT NULL, database TEXT NOT NULL,
         source TEXT, extensions TEXT NOT NULL, state TEXT NOT NULL, execution TEXT, createdAt INTEGER NOT NULL,
         startedAt INTEGER, finishedAt INTEGER, canceledAt INTEGER, sourceBytes INTEGER NOT NULL DEFAULT 0,
         bytes INTEGER NOT NULL DEFAULT 0, message TEXT, UNIQUE (app, number)
       ) STRICT;
       CREATE TABLE transfer_number (app TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT;
       CREATE TABLE database (name TEXT PRIMARY KEY, app TEXT NOT NULL, addon TEXT NOT NULL) STRICT`,
    ]);
  }

  add(transfer: NewTransfer): Transfer {
    const { uuid, app, kind, addon, from, to, database, source, extensions } = transfer;
    const number = this.#db
      .prepare(
        `INSERT INTO transfer_number VALUES (?, 1)
           ON CONFLICT (app) DO UPDATE SET last = last + 1 RETURNING last`,
      )
      .get(app)?.last;
    this.#db
      .prepare(
        `INSERT INTO transfer (uuid, app, number, kind, addon, "from", "to", database, source, extensions, state, createdAt)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?)`,
      )
      .run(uuid, app, Number(number), kind, addon, from, to, database, source, extensions, this.#clock());
    return this.find(uuid) as Transfer;
  }

  set(id: number, change: Partial<Omit<Transfer, "id">>): void {
    const names = Object.keys(change);
    const assignments = names.map((name) => `"${name}" = ?`).join(", ");
    const values = Object.values(change) as (string | number | null)[];
    this.#db.prepare(`UPDATE transfer SET ${assignments} WHERE id = ?`).run(...values, id);
  }

  remove(id: number): void {
    this.#db.prepare("DELETE FROM transfer WHERE id = ?").run(id);
  }

  find(uuid: string): Transfer | undefined {
    return this.#db.prepare(`SELECT ${COLUMNS} FROM transfer WHERE uuid = ?`).get(uuid) as Transfer | undefined;
  }

  get(id: number): Transfer | undefined {
    return this.#db.prepare(`SELECT ${COLUMNS} FROM transfer WHERE id = ?`).get(id) as Transfer | undefined;
  }

  /** The oldest first. */
  list(app: string): Transfer[] {
    return this.#db
      .prepare(`SELECT ${COLUMNS} FROM transfer WHERE app = ? ORDER BY id`)
      .all(app) as unknown as Transfer[];
  }

  /** The oldest first. */
  unfinished(): Transfer[] {
    return this.#db
      .prepare(`SELECT ${COLUMNS} FROM transfer WHERE state IN ('pending', 'running') ORDER BY id`)
      .all() as unknown as Transfer[];
  }

  /** Remembers whose a database is. */
  know(name: string, app: string, addon: string): void {
    this.#db.prepare("INSERT INTO database VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING").run(name, app, addon);
  }

  /** Whose a database is, if it was ever shown to anybody. */
  owner(name: string): { readonly app: string; readonly addon: string } | undefined {
    const row = this.#db.prepare("SELECT app, addon FROM database WHERE name = ?").get(name);
    return row === undefined ? undefined : { app: String(row.app), addon: String(row.addon) };
  }

  /** Whose databases are no more. */
  forget(app: string): void {
    this.#db.prepare("DELETE FROM database WHERE app = ?").run(app);
  }
}
