import type { PropertyMap, PropertyValue } from "../../src/values/values.ts";
import { type BridgedResource, bool, int, list, set, string } from "../bridge/index.ts";
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
    await client.rows(`CREATE ROLE ${name(role)} ${options(inputs, {}).join(" ")}`);
    await setMemberships(client, role, [], strings(inputs.roles));
    await setSettings(client, role, {}, inputs);
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
    const settings = settingsOf(found.rolconfig);
    const roles = strings(found.member_of as PropertyValue);
    return {
      name: id,
      ...Object.fromEntries(Object.entries(FLAGS).map(([property, [, column]]) => [property, found[column] === true])),
      connectionLimit: Number(found.rolconnlimit),
      validUntil: text(found.valid_until) || "infinity",
      roles: roles.length > 0 ? roles : null,
      assumeRole: settings.role ?? "",
      searchPaths: settings.search_path?.split(",").map(unquoted) ?? null,
      statementTimeout: Number(settings.statement_timeout ?? 0),
      idleInTransactionSessionTimeout: Number(settings.idle_in_transaction_session_timeout ?? 0),
      // Nobody can read these back.
      password: known.password ?? "",
      passwordWo: "",
      encryptedPassword: true,
      skipDropRole: known.skipDropRole ?? false,
      skipReassignOwned: known.skipReassignOwned ?? false,
    };
  },

  async update({ id, inputs, oldInputs }, { client }) {
    const changed = options(inputs, oldInputs);
    if (changed.length > 0) await client.rows(`ALTER ROLE ${name(id)} ${changed.join(" ")}`);
    await setMemberships(client, id, strings(oldInputs.roles), strings(inputs.roles));
    await setSettings(client, id, oldInputs, inputs);
    if (inputs.name !== id) throw new Error(`the role "${id}" cannot be renamed: make a new one and remove it`);
  },

  async delete({ id, outputs }, { client }) {
    if (outputs.skipDropRole === true) return;
    const [there] = await client.rows("SELECT FROM pg_roles WHERE rolname = $1", [id]);
    if (!there) return;
    if (outputs.skipReassignOwned !== true) {
      await client.rows(`REASSIGN OWNED BY ${name(id)} TO CURRENT_USER`);
      await client.rows(`DROP OWNED BY ${name(id)}`);
    }
    await client.rows(`DROP ROLE IF EXISTS ${name(id)}`);
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

async function setMemberships(client: Server, role: string, old: readonly string[], wanted: readonly string[]) {
  for (const left of old.filter((parent) => !wanted.includes(parent))) {
    await client.rows(`REVOKE ${name(left)} FROM ${name(role)}`);
  }
  for (const joined of wanted.filter((parent) => !old.includes(parent))) {
    await client.rows(`GRANT ${name(joined)} TO ${name(role)}`);
  }
}

/** What the role's sessions start with. */
async function setSettings(client: Server, role: string, old: PropertyMap, inputs: PropertyMap): Promise<void> {
  const settings: [setting: string, property: string, value: (of: PropertyValue) => string][] = [
    ["role", "assumeRole", (of) => name(text(of))],
    ["search_path", "searchPaths", (of) => strings(of).map(name).join(", ")],
    ["statement_timeout", "statementTimeout", (of) => String(Number(of))],
    ["idle_in_transaction_session_timeout", "idleInTransactionSessionTimeout", (of) => String(Number(of))],
  ];
  for (const [setting, property, value] of settings) {
    const wanted = inputs[property] ?? null;
    if (JSON.stringify(wanted) === JSON.stringify(old[property] ?? null)) continue;
    const empty = wanted === null || wanted === "" || wanted === 0 || (Array.isArray(wanted) && wanted.length === 0);
    await client.rows(`ALTER ROLE ${name(role)} ${empty ? `RESET ${setting}` : `SET ${setting} TO ${value(wanted)}`}`);
  }
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
