import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { migrate } from "../store.ts";
import type { Clock } from "../types.ts";

/** The setting up of an app. */
export interface AppSetup {
  readonly id: string;
  /** Of the app, which may be gone by now. */
  readonly app: string;
  readonly name: string;
  readonly status: "pending" | "succeeded" | "failed";
  /** Of the first deploy; null: it has not begun. */
  readonly build: string | null;
  readonly failure: string | null;
  /** What is wrong with its app.json. */
  readonly problems: readonly string[];
  /** Of the postdeploy script; null: there was none, or it has not ended. */
  readonly exitCode: number | null;
  readonly successUrl: string | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** How many are kept. */
const KEPT = 200;

type Change = Partial<Pick<AppSetup, "status" | "build" | "failure" | "problems" | "exitCode" | "successUrl">>;

export class SetupStore {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;

  constructor(db: DatabaseSync, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    migrate(db, "setups", [
      `CREATE TABLE app_setup (
         number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, app TEXT NOT NULL, name TEXT NOT NULL, what TEXT NOT NULL
       ) STRICT`,
    ]);
  }

  begin(app: { readonly id: string; readonly name: string }): AppSetup {
    const now = this.#clock();
    const setup: AppSetup = {
      id: randomUUID(),
      app: app.id,
      name: app.name,
      status: "pending",
      build: null,
      failure: null,
      problems: [],
      exitCode: null,
      successUrl: null,
      createdAt: now,
      updatedAt: now,
    };
    const { id, name } = setup;
    this.#db.prepare("INSERT INTO app_setup VALUES (NULL, ?, ?, ?, ?)").run(id, app.id, name, JSON.stringify(setup));
    this.#db
      .prepare(
        `DELETE FROM app_setup WHERE number NOT IN (SELECT number FROM app_setup ORDER BY number DESC LIMIT ${KEPT})`,
      )
      .run();
    return setup;
  }

  change(id: string, change: Change): void {
    const setup = this.get(id);
    if (setup === undefined) return;
    const what = JSON.stringify({ ...setup, ...change, updatedAt: this.#clock() });
    this.#db.prepare("UPDATE app_setup SET what = ? WHERE id = ?").run(what, id);
  }

  get(id: string): AppSetup | undefined {
    const row = this.#db.prepare("SELECT what FROM app_setup WHERE id = ?").get(id);
    return row && JSON.parse(String(row.what));
  }

  /** Those that an earlier process began and did not end. */
  pending(): AppSetup[] {
    const rows = this.#db.prepare("SELECT what FROM app_setup ORDER BY number").all();
    return rows.map(({ what }): AppSetup => JSON.parse(String(what))).filter(({ status }) => status === "pending");
  }
}
