import type { PropertyMap } from "../../src/values/values.ts";
import { type BridgedResource, bool, oneOf, set, string } from "../bridge/index.ts";
import { grantee, name, type Server } from "./client.ts";
import { heldPrivileges, privilegesOf } from "./privileges.ts";

const forceNew = true;

/** How `pg_default_acl` writes them. */
const LETTERS: Readonly<Record<string, string>> = { table: "r", sequence: "S", function: "f", type: "T", schema: "n" };

/** `postgresql:index/defaultPrivileges:DefaultPrivileges`: what a role may do with what an owner will make. */
export const defaultPrivileges: BridgedResource<Server> = {
  properties: {
    role: string({ required: true, forceNew }),
    database: string({ required: true, forceNew }),
    owner: string({ required: true, forceNew }),
    schema: string({ forceNew }),
    objectType: string({ required: true, forceNew, check: oneOf(...Object.keys(LETTERS)) }),
    privileges: set("string", { required: true }),
    withGrantOption: bool({ forceNew }),
  },

  async create(inputs, { client }) {
    await replace(inputs, client);
    const { role, database, schema, owner, objectType } = inputs;
    return [role, database, schema || "noschema", owner, objectType].join("_");
  },

  async read(_id, known, { client }) {
    if (!(await isThere(known, client))) return undefined;
    const { role, database, schema, owner, objectType } = known;
    const rows = await client.in(String(database)).rows(
      `SELECT p.privilege_type::text FROM pg_default_acl d, aclexplode(d.defaclacl) p
       WHERE defaclrole = (SELECT oid FROM pg_roles WHERE rolname = $2) AND defaclobjtype = $3
         AND defaclnamespace = CASE WHEN $4 = '' THEN 0 ELSE (SELECT oid FROM pg_namespace WHERE nspname = $4) END
         AND p.grantee = CASE $1 WHEN 'public' THEN 0 ELSE (SELECT oid FROM pg_roles WHERE rolname = $1) END
       ORDER BY 1`,
      [role, owner, LETTERS[String(objectType)], schema || ""],
    );
    const found = rows.map(({ privilege_type }) => String(privilege_type));
    return {
      role: role ?? "",
      database: database ?? "",
      owner: owner ?? "",
      schema: schema || null,
      objectType: objectType ?? "",
      privileges: heldPrivileges(String(objectType), known.privileges, [found]),
      withGrantOption: known.withGrantOption ?? false,
    };
  },

  async update({ inputs }, { client }) {
    await replace(inputs, client);
  },

  async delete({ outputs }, { client }) {
    if (await isThere(outputs, client)) await client.in(String(outputs.database)).run([revocation(outputs)]);
  },
};

async function replace(inputs: PropertyMap, client: Server): Promise<void> {
  const words = privilegesOf(inputs);
  const option = inputs.withGrantOption === true ? " WITH GRANT OPTION" : "";
  const grants = `${subject(inputs)} GRANT ${words.join(", ")} ON ${kind(inputs)} TO ${grantee(inputs.role)}${option}`;
  await client.in(String(inputs.database)).run([revocation(inputs), ...(words.length > 0 ? [grants] : [])]);
}

function revocation(inputs: PropertyMap): string {
  return `${subject(inputs)} REVOKE ALL ON ${kind(inputs)} FROM ${grantee(inputs.role)}`;
}

function subject({ owner, schema }: PropertyMap): string {
  const within = schema ? ` IN SCHEMA ${name(String(schema))}` : "";
  return `ALTER DEFAULT PRIVILEGES FOR ROLE ${name(String(owner))}${within}`;
}

function kind({ objectType }: PropertyMap): string {
  return `${String(objectType).toUpperCase()}S`;
}

async function isThere({ database, role, owner }: PropertyMap, client: Server): Promise<boolean> {
  const [there] = await client.rows(
    `SELECT FROM pg_database WHERE datname = $1 AND EXISTS (SELECT FROM pg_roles WHERE rolname = $3)
       AND ($2 = 'public' OR EXISTS (SELECT FROM pg_roles WHERE rolname = $2))`,
    [database, role, owner],
  );
  return there !== undefined;
}
