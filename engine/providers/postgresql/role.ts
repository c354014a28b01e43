import type { PropertyMap, PropertyValue } from "../../src/values/values.ts";
import { type BridgedResource, bool, int, isEmpty, list, set, string } from "../bridge/index.ts";
import { literal, name, type Server } from "./client.ts";
import { scramVerifier } from "./scram.ts";

const unsupported = { unsupported: true };

/** Columns of `pg_roles` for the properties that are words in `CREATE ROLE`, with that word. */
const FLAGS = {
  superuser: ["SUPERUSER", "rolsuper"],
  createDatabase: ["CREATEDB", "rolcreatedb"],
  createRole: ["CREATEROLE", "rolcreaterole"],
  inherit: ["INHERIT", "rolinherit"],
  login: ["LOGIN", "rolcanlogin"],
  replication: ["REPLICATION", "rolreplication"],
  bypassRowLevelSecurity: ["BYPASSRLS", "rolbypassrls"],
} as const;

/** `postgresql:index/role:Role`. */
export const role: BridgedResource<Server> = {
  properties: {
    name: string({ required: true }),
    login: bool(),
    password: string({ sensitive: true }),
    passwordWo: string({ sensitive: true, unsupported: true }),
    passwordWoVersion: string(unsupported),
    encrypted: string(unsupported),
    encryptedPassword: bool({ default: true }),
    validUntil: string({ default: "infinity" }),
    connectionLimit: int({ default: -1 }),
    superuser: bool(),
    createDatabase: bool(),
    createRole: bool(),
    inherit: bool({ default: true }),
    replication: bool(),
    bypassRowLevelSecurity: bool(),
    roles: set(),
    searchPaths: list("string", { tf: "search_path" }),
    assumeRole: string(),
    statementTimeout: int(),
    idleInTransactionSessionTimeout: int(),
    skipDropRole: bool(),
    skipReassignOwned: bool(),
  },

  async create(inputs, { client }) {
    const role = String(inputs.name);
    await client.run([
      `CREATE ROLE ${name(role)} ${options(inputs, {}).join(" ")}`,
      ...memberships(role, [], strings(inputs.roles)),
      ...settings(role, {}, inputs),
    ]);
    return role;
  },

  async read(id, known, { client }) {
    const [found] = await client.rows(
      `SELECT *, rolvaliduntil::text AS valid_until,
         ARRAY(SELECT member_of.rolname::text FROM pg_auth_members m JOIN pg_roles member_of ON member_of.oid = m.roleid
               WHERE m.member = r.oid ORDER BY 1) AS member_of
       FROM pg_roles r WHERE rolname = $1`,
      [id],
    );
    if (!found) return undefined;
    const set = settingsOf(found.rolconfig);
    const roles = strings(found.member_of as PropertyValue);
    return {
      name: id,
      ...Object.fromEntries(Object.entries(FLAGS).map(([property, [, column]]) => [property, found[column] === true])),
      connectionLimit: Number(found.rolconnlimit),
      validUntil: text(found.valid_until) || "infinity",
      roles: roles.length > 0 ? roles : null,
      assumeRole: set.role ?? "",
      searchPaths: set.search_path?.split(",").map(unquoted) ?? null,
      statementTimeout: Number(set.statement_timeout ?? 0),
      idleInTransactionSessionTimeout: Number(set.idle_in_transaction_session_timeout ?? 0),
      // Nobody can read these back.
      password: known.password ?? "",
      passwordWo: null,
      encryptedPassword: true,
      skipDropRole: known.skipDropRole ?? false,
      skipReassignOwned: known.skipReassignOwned ?? false,
    };
  },

  async update({ id, inputs, oldInputs }, { client }) {
    if (inputs.name !== id) throw new Error(`the role "${id}" cannot be renamed: make a new one and remove it`);
    const changed = options(inputs, oldInputs);
    await client.run([
      ...(changed.length > 0 ? [`ALTER ROLE ${name(id)} ${changed.join(" ")}`] : []),
      ...memberships(id, strings(oldInputs.roles), strings(inputs.roles)),
      ...settings(id, oldInputs, inputs),
    ]);
  },

  async delete({ id, outputs }, { client }) {
    if (outputs.skipDropRole === true) return;
    const [there] = await client.rows("SELECT FROM pg_roles WHERE rolname = $1", [id]);
    if (!there) return;
    if (outputs.skipReassignOwned !== true) await disown(id, outputs, client);
    await client.run([`DROP ROLE IF EXISTS ${name(id)}`]);
  },

  async recover(inputs, { client }) {
    const [there] = await client.rows("SELECT FROM pg_roles WHERE rolname = $1", [inputs.name]);
    return there && String(inputs.name);
  },
};

/** The words of `CREATE ROLE` and `ALTER ROLE` for all that differs. */
function options(inputs: PropertyMap, old: PropertyMap): string[] {
  const words: string[] = [];
  const differs = (property: string) => (inputs[property] ?? null) !== (old[property] ?? null);
  for (const [property, [word]] of Object.entries(FLAGS)) {
    if (differs(property)) words.push(inputs[property] === true ? word : `NO${word}`);
  }
  if (differs("connectionLimit")) words.push(`CONNECTION LIMIT ${Number(inputs.connectionLimit ?? -1)}`);
  if (differs("validUntil")) words.push(`VALID UNTIL ${literal(text(inputs.validUntil) || "infinity")}`);
  if (differs("password")) {
    const password = text(inputs.password);
    words.push(password === "" ? "PASSWORD NULL" : `PASSWORD ${literal(scramVerifier(password))}`);
  }
  return words;
}

/** Statements that make a role a member of exactly these. */
function memberships(role: string, old: readonly string[], wanted: readonly string[]): string[] {
  const left = old.filter((parent) => !wanted.includes(parent));
  const joined = wanted.filter((parent) => !old.includes(parent));
  return [
    ...left.map((parent) => `REVOKE ${name(parent)} FROM ${name(role)}`),
    ...joined.map((parent) => `GRANT ${name(parent)} TO ${name(role)}`),
  ];
}

/** Statements for what the role's sessions start with. */
function settings(role: string, old: PropertyMap, inputs: PropertyMap): string[] {
  const known: [setting: string, property: string, value: (of: PropertyValue) => string][] = [
    ["role", "assumeRole", (of) => name(text(of))],
    ["search_path", "searchPaths", (of) => strings(of).map(name).join(", ")],
    ["statement_timeout", "statementTimeout", (of) => String(Number(of))],
    ["idle_in_transaction_session_timeout", "idleInTransactionSessionTimeout", (of) => String(Number(of))],
  ];
  return known.flatMap(([setting, property, value]) => {
    const wanted = inputs[property] ?? null;
    if (JSON.stringify(wanted) === JSON.stringify(old[property] ?? null)) return [];
    return `ALTER ROLE ${name(role)} ${isEmpty(wanted) ? `RESET ${setting}` : `SET ${setting} TO ${value(wanted)}`}`;
  });
}

/**
 * Gives away what a role owns, as the real plugin does, and its privileges. In databases other than the provider's own,
 * which that plugin leaves alone (and then cannot drop the role), its things go to the role whose sessions it assumed.
 */
async function disown(id: string, outputs: PropertyMap, client: Server): Promise<void> {
  const heir = text(outputs.assumeRole);
  const databases = await client.rows(
    `SELECT DISTINCT datname FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid
     WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = (SELECT oid FROM pg_roles WHERE rolname = $1)
       AND datname <> $2`,
    [id, client.database],
  );
  const give = (to: string) => [`REASSIGN OWNED BY ${name(id)} TO ${to}`, `DROP OWNED BY ${name(id)}`];
  for (const { datname } of databases) {
    await client.in(String(datname)).run(give(heir === "" ? "CURRENT_USER" : name(heir)));
  }
  await client.run(give("CURRENT_USER"));
}

/** `pg_roles.rolconfig`: `["role=owner", …]`. */
function settingsOf(config: unknown): Record<string, string> {
  const lines = Array.isArray(config) ? config.map(String) : [];
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

function unquoted(path: string): string {
  return path.trim().replace(/^"(.*)"$/, "$1");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function strings(value: PropertyValue | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
