/** `postgres://user:password@host:port/database?table=…`, as Pulumi's backend in Postgres takes it. */
import { readFileSync } from "node:fs";
import type pg from "pg";
import { UserError } from "./errors.ts";

export interface PostgresPlace {
  /** The URL without its password. */
  readonly shown: string;
  /** Host and port, for messages. */
  readonly address: string;
  /** As Postgres knows it, without quotes. */
  readonly table: string;
  /** What all keys begin with. */
  readonly prefix: string;
  readonly connection: pg.PoolConfig;
}

/** Pulumi's own. */
const DEFAULT_TABLE = "pulumi_state";

/** Seconds. */
const CONNECT_TIMEOUT_SECONDS = 10;

/** Parameters of clients that make no difference here. */
const IGNORED = [
  "client_encoding",
  "keepalives",
  "keepalives_idle",
  "keepalives_interval",
  "keepalives_count",
  "sslcompression",
  "sslsni",
  "tcp_user_timeout",
];

/**
 * What a URL says of the connection; what it leaves out comes from PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE,
 * PGSSLMODE and `~/.pgpass`. Parameters that are no client's become settings of the session.
 *
 * @throws UserError without the password
 */
export function readPostgresUrl(
  text: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): PostgresPlace {
  const url = parse(text);
  const parameters = new Map(url.searchParams);
  const take = (name: string) => {
    const value = parameters.get(name);
    parameters.delete(name);
    return value === "" ? undefined : value;
  };
  const table = (take("table") ?? DEFAULT_TABLE).toLowerCase();
  if (!/^[a-z_][a-z0-9_]*$/.test(table))
    throw new UserError(`the backend's table is named by letters, digits and underscores, not '${table}'`);
  const path = decoded(url.pathname.replace(/^\/+/, ""));
  const host = take("host") ?? (decoded(url.hostname.replace(/^\[(.*)\]$/, "$1")) || environment.PGHOST || "localhost");
  const port = Number(take("port") ?? (url.port || environment.PGPORT || "5432"));
  const user = take("user") ?? (decoded(url.username) || environment.PGUSER);
  const password = take("password") ?? (decoded(url.password) || environment.PGPASSWORD);
  const database = take("dbname") ?? (path || environment.PGDATABASE);
  const timeout = Number(take("connect_timeout") ?? CONNECT_TIMEOUT_SECONDS);
  const ssl = tls(host, take("sslmode") ?? environment.PGSSLMODE, {
    ca: take("sslrootcert"),
    cert: take("sslcert"),
    key: take("sslkey"),
  });
  const name = take("application_name") ?? take("fallback_application_name") ?? "pulumi";
  const options = take("options");
  for (const ignored of IGNORED) parameters.delete(ignored);
  const settings = [...parameters].map(([key, value]) => `-c ${key}=${value.replace(/[\\ ]/g, "\\$&")}`);
  return {
    shown: shown({ host, port, user, path, table }),
    address: `${host}:${port}`,
    table,
    // Pulumi takes the path for a folder in the bucket as well.
    prefix: path === "" ? "" : `${path.replace(/\/$/, "")}/`,
    connection: {
      host,
      port,
      ...(user !== undefined && { user }),
      ...(password !== undefined && { password }),
      ...(database !== undefined && { database }),
      ssl,
      connectionTimeoutMillis: 1000 * timeout,
      application_name: name,
      options: [...(options === undefined ? [] : [options]), ...settings].join(" "),
    },
  };
}

/** Any URL, as it may be shown. */
export function withoutPassword(url: string): string {
  return url
    .replace(/\/\/([^/?#]*)@/, (_, credentials: string) => `//${credentials.split(":")[0]}@`)
    .replace(/([?&]password=)[^&#]*/g, "$1****");
}

function parse(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw new UserError(
      `'${withoutPassword(text)}' is no URL; write postgres://user:password@host:5432/database, with %-escapes in the password`,
    );
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UserError("the backend's postgres:// URL has a % that escapes nothing; a % itself is written %25");
  }
}

interface Shown {
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly path: string;
  readonly table: string;
}

function shown({ host, port, user, path, table }: Shown): string {
  const account = user === undefined ? "" : `${encodeURIComponent(user)}@`;
  const query = table === DEFAULT_TABLE ? "" : `?table=${table}`;
  return `postgres://${account}${host}:${port}/${path}${query}`;
}

/** Nothing goes over a network in the clear unless the URL says `sslmode=disable`. */
function tls(
  host: string,
  mode = "require",
  files: { readonly ca: string | undefined; readonly cert: string | undefined; readonly key: string | undefined },
): pg.PoolConfig["ssl"] {
  const modes = ["disable", "require", "verify-ca", "verify-full"];
  if (!modes.includes(mode)) throw new UserError(`sslmode=${mode} is not known here; use ${modes.join(", ")}`);
  if (mode === "disable" || host.startsWith("/")) return false;
  const [ca, cert, key] = [files.ca, files.cert, files.key].map((file) => file && readCertificate(file));
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    // As libpq: with a root certificate `require` is `verify-ca`.
    rejectUnauthorized: mode !== "require" || Boolean(ca),
    ...(mode !== "verify-full" && { checkServerIdentity: () => undefined }),
  };
}

function readCertificate(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new UserError(`${file}, which the backend's URL names, cannot be read`);
  }
}
