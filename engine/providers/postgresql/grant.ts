import type { PropertyMap } from "../../src/values/values.ts";
import { type BridgedResource, bool, oneOf, set, string } from "../bridge/index.ts";
import { grantee, name, type Server } from "./client.ts";
import { heldPrivileges, listOf, privilegesOf } from "./privileges.ts";

const forceNew = true;

/** `postgresql:index/grant:Grant`: exactly these privileges on a database, a schema, or tables or sequences in one. */
export const grant: BridgedResource<Server> = {
  properties: {
    role: string({ required: true, forceNew }),
    database: string({ required: true, forceNew }),
    objectType: string({ required: true, forceNew, check: oneOf("database", "schema", "table", "sequence") }),
    privileges: set("string", { required: true }),
    withGrantOption: bool({ forceNew }),
    schema: string({ forceNew }),
    objects: set("string", { forceNew }),
    columns: set("string", { forceNew, unsupported: true }),
  },

  check({ objectType, schema, objects }) {
    if (objectType === "database" && schema !== undefined) {
      return [{ property: "schema", reason: "schema: a database is in no schema" }];
    }
    if (objectType !== "database" && !schema) {
      return [{ property: "schema", reason: `schema: it is required for objectType "${objectType}"` }];
    }
    if (listOf(objects).length > 0 && (objectType === "database" || objectType === "schema")) {
      return [{ property: "objects", reason: `objects: there are none of objectType "${objectType}"` }];
    }
    return [];
  },

  async create(inputs, { client }) {
    await replace(inputs, client);
    const { role, database, schema, objectType } = inputs;
    const parts = objectType === "database" ? [role, database] : [role, database, schema];
    return [...parts, objectType, ...listOf(inputs.objects)].join("_");
  },

  async read(_id, known, { client }) {
    const found = await held(known, client);
    if (found === undefined) return undefined;
    const objects = listOf(known.objects);
    return {
      role: known.role ?? "",
      database: known.database ?? "",
      objectType: known.objectType ?? "",
      privileges: heldPrivileges(String(known.objectType), known.privileges, found),
      withGrantOption: known.withGrantOption ?? false,
      schema: known.schema || null,
      objects: objects.length > 0 ? objects : null,
      columns: null,
    };
  },

  async update({ inputs }, { client }) {
    await replace(inputs, client);
  },

  async delete({ outputs }, { client }) {
    if (await isThere(outputs, client)) await serverOf(outputs, client).run([revocation(outputs)]);
  },
  // No `recover`: granting again is harmless, so what an interrupted one did is done anew.
};

/** None that somebody else granted stay. */
async function replace(inputs: PropertyMap, client: Server): Promise<void> {
  const words = privilegesOf(inputs);
  const option = inputs.withGrantOption === true ? " WITH GRANT OPTION" : "";
  const grants = `GRANT ${words.join(", ")} ON ${target(inputs)} TO ${grantee(inputs.role)}${option}`;
  await serverOf(inputs, client).run([revocation(inputs), ...(words.length > 0 ? [grants] : [])]);

  // Postgres only warns when we may not grant or revoke.
  const found = (await held(inputs, client)) ?? [];
  const kept = heldPrivileges(String(inputs.objectType), inputs.privileges, found);
  if (kept.length !== words.length) {
    const list = kept.join(", ") || "none";
    throw new Error(
      `the privileges of ${inputs.role} on ${inputs.objectType} ${inputs.schema || inputs.database} stayed as they were (${list}): the provider's role may not change them`,
    );
  }
}

function revocation(inputs: PropertyMap): string {
  return `REVOKE ALL PRIVILEGES ON ${target(inputs)} FROM ${grantee(inputs.role)}`;
}

/** What the privileges are on, in SQL. */
function target(inputs: PropertyMap): string {
  const { objectType, database, schema } = inputs;
  if (objectType === "database") return `DATABASE ${name(String(database))}`;
  if (objectType === "schema") return `SCHEMA ${name(String(schema))}`;
  const kind = String(objectType).toUpperCase();
  const objects = listOf(inputs.objects).map((object) => `${name(String(schema))}.${name(object)}`);
  return objects.length > 0 ? `${kind} ${objects.join(", ")}` : `ALL ${kind}S IN SCHEMA ${name(String(schema))}`;
}

/** Privileges are kept where the object is; a database's own can be changed from any, even when that one is broken. */
function serverOf({ objectType, database }: PropertyMap, client: Server): Server {
  return objectType === "database" ? client : client.in(String(database));
}

async function isThere({ database, role, schema, objectType }: PropertyMap, client: Server): Promise<boolean> {
  const [there] = await client.rows(
    "SELECT FROM pg_database WHERE datname = $1 AND ($2 = 'public' OR EXISTS (SELECT FROM pg_roles WHERE rolname = $2))",
    [database, role],
  );
  if (there === undefined || objectType === "database") return there !== undefined;
  const [inside] = await client.in(String(database)).rows("SELECT FROM pg_namespace WHERE nspname = $1", [schema]);
  return inside !== undefined;
}

/** The privileges that the role has on each object; undefined when database, schema or role are gone. */
async function held(inputs: PropertyMap, client: Server): Promise<string[][] | undefined> {
  if (!(await isThere(inputs, client))) return undefined;
  const { database, schema, objectType } = inputs;
  const objects = listOf(inputs.objects);
  const [from, parameters] =
    objectType === "database"
      ? ["SELECT coalesce(datacl, acldefault('d', datdba)) AS acl FROM pg_database WHERE datname = $2", [database]]
      : objectType === "schema"
        ? ["SELECT coalesce(nspacl, acldefault('n', nspowner)) AS acl FROM pg_namespace WHERE nspname = $2", [schema]]
        : [
            `SELECT coalesce(relacl, acldefault((CASE relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", relowner)) AS acl
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE nspname = $2 AND relkind = ANY($3::"char"[]) AND ($4::text[] = '{}' OR relname = ANY($4))`,
            [schema, objectType === "sequence" ? ["S"] : ["r", "p", "v", "m", "f"], objects],
          ];
  const rows = await serverOf(inputs, client).rows(
    `SELECT ARRAY(SELECT DISTINCT p.privilege_type::text FROM aclexplode(acl) p
       WHERE p.grantee = CASE $1 WHEN 'public' THEN 0 ELSE (SELECT oid FROM pg_roles WHERE rolname = $1) END
       ORDER BY 1) AS privileges FROM (${from}) objects`,
    [inputs.role, ...parameters],
  );
  return rows.map(({ privileges }) => (Array.isArray(privileges) ? privileges.map(String) : []));
}
