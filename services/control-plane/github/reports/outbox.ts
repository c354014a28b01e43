import type { DatabaseSync } from "node:sqlite";
import { migrate } from "../../store.ts";
import type { Clock } from "../../types.ts";

/** What the forge is to know of a deployment; `inactive`: another one has taken its place. */
export type Outcome = "in_progress" | "success" | "failure" | "inactive";

/** What the forge is told, or has been told, of one deployment of a commit. */
export interface Report {
  readonly id: number;
  /** The link's stack. */
  readonly stack: string;
  readonly app: string;
  readonly commit: string;
  /** The id of its build. */
  readonly build: string;
  readonly wanted: Outcome;
  readonly description: string;
  readonly environmentUrl: string;
  readonly logUrl: string;
  /** What was last told as the commit's status, and as the deployment's. */
  readonly status: Outcome | undefined;
  readonly deployed: Outcome | undefined;
  /** The forge's id of the deployment. */
  readonly deployment: number | undefined;
  /** Whether somebody began to make that deployment. */
  readonly making: boolean;
  readonly attempts: number;
  /** Whether where it is deployed goes again. */
  readonly transient: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

type NewReport = Pick<Report, "stack" | "app" | "commit" | "build" | "description" | "environmentUrl" | "logUrl"> &
  Partial<Pick<Report, "transient">>;

/**
 * What is still to be told to forges, kept across restarts. A row says how things are and not what happened, so what was
 * not told before it changed is never told.
 */
export class Outbox {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;

  constructor(db: DatabaseSync, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    migrate(db, "github-reports", [
      `CREATE TABLE github_report (
         id INTEGER PRIMARY KEY, stack TEXT NOT NULL, app TEXT NOT NULL, commitId TEXT NOT NULL, build TEXT NOT NULL,
         wanted TEXT NOT NULL, description TEXT NOT NULL, environmentUrl TEXT NOT NULL, logUrl TEXT NOT NULL,
         status TEXT, deployed TEXT, deployment INTEGER, making INTEGER NOT NULL DEFAULT 0,
         pending INTEGER NOT NULL DEFAULT 1, attempts INTEGER NOT NULL DEFAULT 0, nextAt INTEGER NOT NULL DEFAULT 0,
         createdAt INTEGER NOT NULL
       ) STRICT;
       CREATE INDEX github_report_pending ON github_report (pending, nextAt);
       CREATE TABLE github_lacking (stack TEXT NOT NULL, what TEXT NOT NULL, PRIMARY KEY (stack, what)) STRICT`,
      "ALTER TABLE github_report ADD COLUMN transient INTEGER NOT NULL DEFAULT 0",
    ]);
  }

  begin({ stack, app, commit, build, description, environmentUrl, logUrl, transient = false }: NewReport): void {
    this.#db
      .prepare(
        `INSERT INTO github_report
             (stack, app, commitId, build, wanted, description, environmentUrl, logUrl, transient, createdAt)
           VALUES (?, ?, ?, ?, 'in_progress', ?, ?, ?, ?, ?)`,
      )
      .run(stack, app, commit, build, description, environmentUrl, logUrl, Number(transient), this.#clock());
  }

  /** Of an app that goes: nothing of it is deployed any more. */
  retire(app: string): void {
    this.#db
      .prepare(
        `UPDATE github_report SET pending = 1, attempts = 0, nextAt = 0, description = 'It is gone',
             wanted = CASE wanted WHEN 'in_progress' THEN 'failure' ELSE 'inactive' END
           WHERE app = ? AND wanted IN ('success', 'in_progress')`,
      )
      .run(app);
  }

  /** Whether something of an app is still to be told. */
  untold(app: string): boolean {
    return this.#db.prepare("SELECT 1 FROM github_report WHERE app = ? AND pending = 1").get(app) !== undefined;
  }

  /** @param build of a report; another one's, such as of a push, is none's */
  end(build: string, wanted: "success" | "failure", description: string): void {
    this.#db
      .prepare(
        `UPDATE github_report SET wanted = ?, description = ?, pending = 1, attempts = 0, nextAt = 0
           WHERE build = ? AND wanted = 'in_progress'`,
      )
      .run(wanted, description, build);
  }

  /** Builds of which the end has not been noted. */
  open(): string[] {
    const rows = this.#db.prepare("SELECT build FROM github_report WHERE wanted = 'in_progress'").all();
    return rows.map(({ build }) => String(build));
  }

  /** The oldest that is to be told now; undefined: none. */
  next(): Report | undefined {
    const row = this.#db
      .prepare("SELECT * FROM github_report WHERE pending = 1 AND nextAt <= ? ORDER BY id LIMIT 1")
      .get(this.#clock());
    return row && toReport(row);
  }

  /** When something is to be told next, in milliseconds since 1970; undefined: nothing is. */
  nextAt(): number | undefined {
    const at = this.#db.prepare("SELECT min(nextAt) AS at FROM github_report WHERE pending = 1").get()?.at;
    return typeof at === "number" ? at : undefined;
  }

  get(id: number): Report | undefined {
    const row = this.#db.prepare("SELECT * FROM github_report WHERE id = ?").get(id);
    return row && toReport(row);
  }

  saidStatus(id: number, status: Outcome): void {
    this.#db.prepare("UPDATE github_report SET status = ? WHERE id = ?").run(status, id);
  }

  making(id: number): void {
    this.#db.prepare("UPDATE github_report SET making = 1 WHERE id = ?").run(id);
  }

  made(id: number, deployment: number): void {
    this.#db.prepare("UPDATE github_report SET deployment = ? WHERE id = ?").run(deployment, id);
  }

  saidDeployment(id: number, deployed: Outcome): void {
    this.#db.prepare("UPDATE github_report SET deployed = ? WHERE id = ?").run(deployed, id);
  }

  /** All has been told that was wanted when it was read; what is wanted since is still to be told. */
  told({ id, stack, app, wanted }: Report): void {
    this.#db.prepare("UPDATE github_report SET pending = 0 WHERE id = ? AND wanted = ?").run(id, wanted);
    if (wanted === "success") {
      // The forge is told of the ones before that they serve no more.
      this.#db
        .prepare(
          `UPDATE github_report SET wanted = 'inactive', description = 'Replaced by a newer deployment', pending = 1
             WHERE stack = ? AND app = ? AND id < ? AND wanted = 'success'`,
        )
        .run(stack, app, id);
    }
    if (wanted === "inactive" || wanted === "failure") {
      this.#db.prepare("DELETE FROM github_report WHERE id = ? AND wanted = ?").run(id, wanted);
    }
  }

  later(id: number, at: number): void {
    this.#db.prepare("UPDATE github_report SET attempts = attempts + 1, nextAt = ? WHERE id = ?").run(at, id);
  }

  drop(id: number): void {
    this.#db.prepare("DELETE FROM github_report WHERE id = ?").run(id);
  }

  rename(app: string, to: string): void {
    this.#db.prepare("UPDATE github_report SET app = ? WHERE app = ?").run(to, app);
  }

  /** Of a link that is gone. */
  forget(stack: string): void {
    this.#db.prepare("DELETE FROM github_report WHERE stack = ?").run(stack);
    this.gained(stack);
  }

  /** What a credential may not be used for, or a forge has not. */
  lacks(stack: string, what: string): boolean {
    return this.#db.prepare("SELECT 1 FROM github_lacking WHERE stack = ? AND what = ?").get(stack, what) !== undefined;
  }

  lack(stack: string, what: string): void {
    this.#db.prepare("INSERT OR IGNORE INTO github_lacking VALUES (?, ?)").run(stack, what);
  }

  /** It may have another credential now. */
  gained(stack: string): void {
    this.#db.prepare("DELETE FROM github_lacking WHERE stack = ?").run(stack);
  }
}

function toReport(row: Readonly<Record<string, unknown>>): Report {
  const text = (value: unknown) => (value === null ? undefined : (String(value) as Outcome));
  return {
    id: Number(row.id),
    stack: String(row.stack),
    app: String(row.app),
    commit: String(row.commitId),
    build: String(row.build),
    wanted: String(row.wanted) as Outcome,
    description: String(row.description),
    environmentUrl: String(row.environmentUrl),
    logUrl: String(row.logUrl),
    status: text(row.status),
    deployed: text(row.deployed),
    deployment: row.deployment === null ? undefined : Number(row.deployment),
    making: row.making === 1,
    attempts: Number(row.attempts),
    transient: row.transient === 1,
    createdAt: Number(row.createdAt),
  };
}
