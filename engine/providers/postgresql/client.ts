import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { PropertyMap } from "../../src/values/values.ts";
import { bool, int, oneOf, type Properties, string } from "../bridge/index.ts";

const unsupported = { unsupported: true };

/** The provider's own configuration. What it lacks comes from PGHOST, PGPORT, PGUSER and PGPASSWORD. */
export const configuration: Properties = {
  host: string(),
  port: int(),
  username: string(),
  password: string({ sensitive: true }),
  database: string(),
  sslmode: string({ check: oneOf("disable", "prefer", "require", "verify-full") }),
  superuser: bool(),
  /** Seconds. */
  connectTimeout: int(),
  maxConnections: int(),
  expectedVersion: string(),
  scheme: string({ check: oneOf("postgres") }),
  databaseUsername: string(unsupported),
  sslMode: string(unsupported),
  sslrootcert: string(unsupported),
  clientcert: string(unsupported),
  awsRdsIamAuth: bool(unsupported),
  awsRdsIamProfile: string(unsupported),
  awsRdsIamProviderRoleArn: string(unsupported),
  awsRdsIamRegion: string(unsupported),
  azureIdentityAuth: bool(unsupported),
  azureTenantId: string(unsupported),
  gcpIamImpersonateServiceAccount: string(unsupported),
};

/** SQL with the identifiers and literals already quoted in it; values that can be parameters are. */
export interface Server {
  rows(sql: string, parameters?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** The role that we are. */
  readonly username: string;
}

/** How often a statement is said again that met another one on the same catalogue row. */
const TRIES = 20;

/** How long a server may take to start, in milliseconds: its container may have been started a moment ago. */
const PATIENCE = 15_000;

/** A client for the configured server. One connection: Postgres refuses concurrent changes of one catalogue row. */
export function connect(config: PropertyMap): Server {
  const host = text(config.host) ?? process.env.PGHOST ?? "localhost";
  const port = number(config.port) ?? Number(process.env.PGPORT ?? 5432);
  const username = text(config.username) ?? process.env.PGUSER ?? "postgres";
  const pool = new pg.Pool({
    host,
    port,
    user: username,
    password: text(config.password) ?? process.env.PGPASSWORD,
    database: text(config.database) ?? "postgres",
    ssl: tls(text(config.sslmode) ?? "prefer"),
    connectionTimeoutMillis: 1000 * (number(config.connectTimeout) ?? 30),
    max: 1,
    // The engine ends when its work does.
    allowExitOnIdle: true,
  });
  // A connection that breaks while idle is replaced by the next statement's.
  pool.on("error", () => {});
  return {
    username,
    async rows(sql, parameters = []) {
      for (let tries = 1; ; tries++) {
        try {
          return (await query(sql, parameters)).rows;
        } catch (error) {
          if (tries === TRIES || !isConcurrentChange(error)) throw explain(error, `${host}:${port}`);
          await sleep(50 * tries);
        }
      }
    },
  };

  async function query(sql: string, parameters: readonly unknown[]): Promise<pg.QueryResult> {
    const client = await connection();
    try {
      return await client.query(sql, [...parameters]);
    } finally {
      client.release();
    }
  }

  /** Tried again while the server starts; a statement would not be, as it may have been heard. */
  async function connection(): Promise<pg.PoolClient> {
    for (const started = Date.now(); ; await sleep(100)) {
      try {
        return await pool.connect();
      } catch (error) {
        if (!isStarting(error) || Date.now() - started > PATIENCE) throw error;
      }
    }
  }
}

function tls(mode: string): pg.PoolConfig["ssl"] {
  if (mode === "disable" || mode === "prefer") return false;
  return { rejectUnauthorized: mode === "verify-full" };
}

/** Two sessions that grant or create at once, as ups of two apps do; SQLSTATE is only "internal error". */
function isConcurrentChange(error: unknown): boolean {
  return error instanceof Error && error.message.includes("tuple concurrently");
}

/** Nobody listens yet, Docker's proxy listens before the server does, or the server says that it is starting (57P03). */
function isStarting(error: unknown): boolean {
  const { code, message } = error as { code?: string; message: string };
  return ["ECONNREFUSED", "ECONNRESET", "57P03"].includes(code ?? "") || message.includes("terminated unexpectedly");
}

/** Postgres' own message, or what to look at when there is no answer. Never the statement: it may hold a secret. */
function explain(error: unknown, address: string): Error {
  const { code, message } = error as { code?: string; message: string };
  const unreachable = ["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"];
  if (unreachable.includes(code ?? "") || /timeout|terminated unexpectedly/i.test(message)) {
    return new Error(`cannot reach Postgres at ${address} (${code ?? message}): is it running? Start it and try again`);
  }
  return new Error(message.split("\n").join("; "));
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && value !== 0 ? value : undefined;
}

/** As Postgres writes a name (`"a b"`) and a text (`'it''s'`). */
export const { escapeIdentifier: name, escapeLiteral: literal } = pg;
