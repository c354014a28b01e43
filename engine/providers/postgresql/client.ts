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

/** Statements have their identifiers and literals quoted already; values that can be parameters are. */
export interface Server {
  /** The database of the configuration. */
  readonly database: string;
  rows(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>;
  /** Runs all of them or none. */
  run(statements: readonly string[]): Promise<void>;
  /** The same server in another database. */
  in(database: string): Server;
}

type Row = Readonly<Record<string, unknown>>;

/** How often a statement is said again that met another one on the same catalogue row. */
const TRIES = 20;

/** How long a server may take to start, in seconds: its container may have been started a moment ago. */
const SERVER_START_SECONDS = 15;

/** A client for the configured server. */
export function connect(config: PropertyMap): Server {
  const host = text(config.host) ?? process.env.PGHOST ?? "localhost";
  const port = number(config.port) ?? Number(process.env.PGPORT ?? 5432);
  const timeout = number(config.connectTimeout) ?? 30;
  const settings: pg.PoolConfig = {
    host,
    port,
    user: text(config.username) ?? process.env.PGUSER ?? "postgres",
    password: text(config.password) ?? process.env.PGPASSWORD,
    ssl: tls(text(config.sslmode) ?? "prefer"),
    connectionTimeoutMillis: 1000 * timeout,
    // Postgres refuses concurrent changes of one catalogue row.
    max: 1,
    // An idle session would keep its database from being dropped.
    idleTimeoutMillis: 100,
    // The engine ends when its work does.
    allowExitOnIdle: true,
  };
  const servers = new Map<string, Server>();
  let waited = false;

  function open(database: string): Server {
    const pool = new pg.Pool({ ...settings, database });
    // A connection that breaks while idle is replaced by the next statement's.
    pool.on("error", () => {});

    /** Tried again while the server starts; a statement would not be, as it may have been heard. */
    async function session(): Promise<pg.PoolClient> {
      for (const deadline = performance.now() + 1000 * Math.min(timeout, SERVER_START_SECONDS); ; await sleep(100)) {
        try {
          return await pool.connect();
        } catch (error) {
          // Once is enough: after a wait for nothing, the next operation fails at once.
          if (waited || !isStarting(error)) throw error;
          waited = performance.now() > deadline;
        }
      }
    }

    async function query(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]> {
      for (let tries = 1; ; tries++) {
        try {
          const client = await session();
          try {
            return (await client.query(sql, parameters && [...parameters])).rows;
          } finally {
            client.release();
          }
        } catch (error) {
          if (tries === TRIES || !isConcurrentChange(error)) throw explain(error, `${host}:${port}`);
          await sleep(50 * tries);
        }
      }
    }

    return {
      database,
      rows: query,
      // Without parameters they go as one message, which Postgres takes as one transaction.
      async run(statements) {
        if (statements.length > 0) await query(statements.join("; "));
      },
      in: serverOf,
    };
  }

  function serverOf(database: string): Server {
    const server = servers.get(database) ?? open(database);
    servers.set(database, server);
    return server;
  }

  return serverOf(text(config.database) ?? "postgres");
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

/** Whether there was no answer. */
function isAbsent(error: unknown): boolean {
  const { code = "", message = "" } = error as { code?: string; message?: string };
  const codes = ["ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"];
  return isStarting(error) || codes.includes(code) || /timeout/i.test(message);
}

/** Postgres' own message, or what to look at when there is no answer. Never the statement: it may hold a secret. */
function explain(error: unknown, address: string): Error {
  const { code, message } = error as { code?: string; message: string };
  if (isAbsent(error)) {
    return new Error(
      `cannot reach Postgres at ${address} (${message || code}): is it running? Start it and repeat the command`,
    );
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

/** A role as a grantee. */
export function grantee(role: unknown): string {
  return role === "public" ? "PUBLIC" : name(String(role));
}
