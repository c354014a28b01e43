/** Records as rows of a table (`postgres://`), as Pulumi's own backend in Postgres has them. */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Bucket } from "./bucket.ts";
import { UserError } from "./errors.ts";
import type { PostgresPlace } from "./postgres-url.ts";

/** How long a server that answered before may be away: a state that is not saved is lost. */
const AWAY_MS = 60_000;
/** How long one may take to start. */
const STARTING_MS = 15_000;
const PAUSE_MS = 250;
/** A connection that died without a word is noticed after so long. */
const SILENCE_MS = 60_000;
/** The same, where nobody waits. */
const BRIEF_MS = 1000;
/** SQLSTATE */
const NO_SUCH_TABLE = "42P01";
const MADE_BY_ANOTHER = ["23505", "42P07"];

export class PostgresBucket implements Bucket {
  readonly shown: string;
  readonly #place: PostgresPlace;
  readonly #table: string;
  readonly #pool: pg.Pool;
  readonly #patient: boolean;
  #answered = false;

  /** @param patient whether a server that goes away is waited for */
  constructor(place: PostgresPlace, patient: boolean) {
    this.#place = place;
    this.#patient = patient;
    this.shown = place.shown;
    this.#table = pg.escapeIdentifier(place.table);
    this.#pool = new pg.Pool({
      ...place.connection,
      max: 4,
      keepAlive: true,
      query_timeout: patient ? SILENCE_MS : BRIEF_MS,
      ...(!patient && { connectionTimeoutMillis: BRIEF_MS }),
      // The process ends when its work does.
      allowExitOnIdle: true,
    });
    // A connection that breaks while it is idle is replaced by the next statement's.
    this.#pool.on("error", () => {});
  }

  async prepare(): Promise<void> {
    const index = pg.escapeIdentifier(`${this.#place.table}_key_prefix_idx`);
    try {
      await this.#run(`SELECT FROM ${this.#table} LIMIT 0`);
    } catch (error) {
      if (codeOf(error) !== NO_SUCH_TABLE) throw this.#explained(error);
      await this.#query(
        `CREATE TABLE IF NOT EXISTS ${this.#table} (
          key TEXT PRIMARY KEY, data JSON NOT NULL, updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()
        ); CREATE INDEX IF NOT EXISTS ${index} ON ${this.#table} (key text_pattern_ops)`,
      );
    }
  }

  async list(folder: string): Promise<string[]> {
    const prefix = this.#key(`${folder}/`);
    const pattern = `${prefix.replace(/[\\%_]/g, "\\$&")}%`;
    const rows = await this.#query<{ key: string }>(`SELECT key FROM ${this.#table} WHERE key LIKE $1`, [pattern]);
    // Postgres may sort by a language.
    return rows.map(({ key }) => key.slice(prefix.length)).sort();
  }

  async read(key: string): Promise<Buffer | undefined> {
    const sql = `SELECT data->>'data' AS data FROM ${this.#table} WHERE key = $1`;
    const [row] = await this.#query<{ data: string }>(sql, [this.#key(key)]);
    return row && Buffer.from(row.data, "base64");
  }

  async modified(keys: readonly string[]): Promise<(Date | undefined)[]> {
    const full = keys.map((key) => this.#key(key));
    const sql = `SELECT key, updated_at FROM ${this.#table} WHERE key = ANY($1)`;
    const rows = await this.#query<{ key: string; updated_at: Date }>(sql, [full]);
    const times = new Map(rows.map((row) => [row.key, row.updated_at]));
    return full.map((key) => times.get(key));
  }

  async write(key: string, content: string | Buffer): Promise<void> {
    await this.#query(this.#put("VALUES ($1, $2::json)"), [this.#key(key), encoded(content)]);
  }

  /** What is said twice, after a connection that broke, leaves the record before the first time as the backup. */
  async replace(key: string, content: string, obsolete: readonly string[]): Promise<void> {
    const backup = `SELECT $1::text || '.bak', data FROM ${this.#table} WHERE key = $1 AND data::text <> ($2::json)::text`;
    await this.#query(
      `WITH backup AS (${this.#put(backup)}), gone AS (DELETE FROM ${this.#table} WHERE key = ANY($3))
       ${this.#put("VALUES ($1::text, $2::json)")}`,
      [this.#key(key), encoded(content), obsolete.map((other) => this.#key(other))],
    );
  }

  async copy(from: string, to: string): Promise<void> {
    const sql = this.#put(`SELECT $2::text, data FROM ${this.#table} WHERE key = $1`);
    await this.#query(sql, [this.#key(from), this.#key(to)]);
  }

  async rename(from: string, to: string): Promise<void> {
    const moved = `WITH moved AS (DELETE FROM ${this.#table} WHERE key = $1 RETURNING data)`;
    await this.#query(`${moved} ${this.#put("SELECT $2::text, data FROM moved")}`, [this.#key(from), this.#key(to)]);
  }

  async remove(...keys: readonly string[]): Promise<void> {
    await this.#query(`DELETE FROM ${this.#table} WHERE key = ANY($1)`, [keys.map((key) => this.#key(key))]);
  }

  async removeAll(folder: string): Promise<void> {
    const keys = await this.list(folder);
    await this.remove(...keys.map((key) => `${folder}/${key}`));
  }

  place(key: string): string {
    return `.pulumi/${key}`;
  }

  #key(key: string): string {
    return `${this.#place.prefix}.pulumi/${key}`;
  }

  #put(rows: string): string {
    return `INSERT INTO ${this.#table} (key, data) ${rows}
      ON CONFLICT (key) DO UPDATE SET data = excluded.data, updated_at = now()`;
  }

  async #query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]> {
    try {
      return await this.#run<Row>(sql, values);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** Every statement here may be said again: while the server is away it is. */
  async #run<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]> {
    for (const started = performance.now(); ; await sleep(PAUSE_MS)) {
      try {
        const { rows } = await this.#pool.query<Row>(sql, values && [...values]);
        this.#answered = true;
        return rows;
      } catch (error) {
        const patience = this.#patience(error);
        if (performance.now() - started >= patience) throw error;
      }
    }
  }

  /** Milliseconds for which a failure may mend itself. */
  #patience(error: unknown): number {
    const code = codeOf(error);
    if (!this.#patient) return 0;
    if (code === "57P03") return STARTING_MS;
    // Two processes make the table at once.
    if (MADE_BY_ANOTHER.includes(code)) return 4 * PAUSE_MS;
    return this.#answered && isAway(error) ? AWAY_MS : 0;
  }

  /** Never with the statement or what went with it. */
  #explained(error: unknown): UserError {
    const { message } = error as Error;
    const { address } = this.#place;
    if (message.includes("does not support SSL"))
      return new UserError(`Postgres at ${address} has no TLS; add sslmode=disable to the URL if the network is safe`);
    const said = (message || codeOf(error)).split("\n").join("; ");
    if (isAway(error)) return new UserError(`cannot reach the states in Postgres at ${address} (${said})`);
    return new UserError(`the states in Postgres at ${address}: ${said}`);
  }
}

/** The column's JSON, as Pulumi writes it. */
function encoded(content: string | Buffer): string {
  return `{"data":"${Buffer.from(content).toString("base64")}"}`;
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : "";
}

/** Whether there was no answer, or one that another connection will get: 08 and 57P of SQLSTATE. */
function isAway(error: unknown): boolean {
  const { message = "", errors } = error as { message?: string; errors?: readonly unknown[] };
  if (errors !== undefined) return errors.some(isAway);
  const network = [
    "ECONNREFUSED",
    "ECONNRESET",
    "EPIPE",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ETIMEDOUT",
    "EHOSTUNREACH",
    "ENETUNREACH",
  ];
  const code = codeOf(error);
  if (network.includes(code) || /^(08|57P)/.test(code)) return true;
  return code === "" && /timeout|terminated|not queryable|Connection ended/i.test(message);
}
