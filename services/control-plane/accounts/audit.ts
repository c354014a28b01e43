import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../types.ts";

/** A call that changed something, or tried to, in words that reveal nothing: a route is `/apps/:app/config-vars`, without query and body. */
export interface AuditEntry {
  /** Milliseconds since 1970; by default now. */
  readonly at?: number;
  /** Undefined: nobody we know. */
  readonly caller?:
    | { readonly id: string; readonly email: string; readonly via: string; readonly authorization?: string | undefined }
    | undefined;
  /** The sender's IP address. */
  readonly from?: string | undefined;
  readonly method: string;
  readonly route: string;
  /** Its name or its id, whether there is such an app or not. */
  readonly app?: string | undefined;
  /** Of the answer. */
  readonly status: number;
  readonly request?: string | undefined;
  /** Nothing was changed: only a preview was wanted. */
  readonly dryRun?: boolean;
}

export interface AuditRecord extends AuditEntry {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

interface AuditFilter {
  /** An app as it may have been named: its name, its id. */
  readonly apps?: readonly string[] | undefined;
  /** Milliseconds since 1970; an app of that name before may have been another one's. */
  readonly since?: number | undefined;
  /** The id of a user. */
  readonly user?: string | undefined;
  /** Only entries with a smaller id. */
  readonly before?: number | undefined;
  readonly max: number;
}

/** How many entries are kept, and after how many new ones the oldest are dropped. */
const KEPT = 200_000;
const SWEEP = 1000;

/** What stands for an app's name is written down also when there is no such app. */
const LONGEST_NAME = 100;

/** Every act, and who did it. */
export class Audit {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;

  readonly #kept: number;

  /** @param kept how many entries */
  constructor(db: DatabaseSync, clock: Clock, kept = KEPT) {
    this.#db = db;
    this.#clock = clock;
    this.#kept = kept;
  }

  write({ at, caller, from, method, route, app, status, request, dryRun }: AuditEntry): void {
    const { lastInsertRowid } = this.#db
      .prepare(
        `INSERT INTO audit (at, account, email, via, authorization, source, method, route, app, status, request, dry_run)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        at ?? this.#clock(),
        caller?.id ?? null,
        caller?.email ?? null,
        caller?.via ?? null,
        caller?.authorization ?? null,
        from ?? null,
        method,
        route,
        app?.slice(0, LONGEST_NAME) ?? null,
        status,
        request ?? null,
        dryRun === true ? 1 : 0,
      );
    const id = Number(lastInsertRowid);
    if (id % SWEEP === 0) this.#db.prepare("DELETE FROM audit WHERE id <= ?").run(id - this.#kept);
  }

  /** The newest first. */
  read({ apps, since, user, before, max }: AuditFilter): AuditRecord[] {
    return this.#db
      .prepare(
        `SELECT * FROM audit
         WHERE (?1 IS NULL OR app IN (SELECT value FROM json_each(?1)))
           AND (?2 IS NULL OR account = ?2) AND (?3 IS NULL OR id < ?3) AND at >= ?4
         ORDER BY id DESC LIMIT ?5`,
      )
      .all(apps === undefined ? null : JSON.stringify(apps), user ?? null, before ?? null, since ?? 0, max)
      .map(toRecord);
  }
}

function toRecord(row: Readonly<Record<string, unknown>>): AuditRecord {
  const text = (value: unknown) => (value === null ? undefined : String(value));
  return {
    id: Number(row.id),
    at: Number(row.at),
    caller:
      row.account === null
        ? undefined
        : {
            id: String(row.account),
            email: String(row.email),
            via: String(row.via),
            authorization: text(row.authorization),
          },
    from: text(row.source),
    method: String(row.method),
    route: String(row.route),
    app: text(row.app),
    status: Number(row.status),
    request: text(row.request),
    dryRun: row.dry_run === 1,
  };
}
