import type { PropertyMap } from "../../src/values/values.ts";
import { type BridgedResource, bool, oneOf, set, string } from "../bridge/index.ts";
import { name, type Server } from "./client.ts";

const forceNew = true;
const unsupported = true;

/** `postgresql:index/grant:Grant`, of privileges on a database. */
export const grant: BridgedResource<Server> = {
  properties: {
    role: string({ required: true, forceNew }),
    database: string({ required: true, forceNew }),
    objectType: string({ required: true, forceNew, check: oneOf("database") }),
    privileges: set("string", { required: true }),
    withGrantOption: bool({ forceNew }),
    schema: string({ forceNew, unsupported }),
    objects: set("string", { forceNew, unsupported }),
    columns: set("string", { forceNew, unsupported }),
  },

  async create(inputs, { client }) {
    await replace(inputs, client);
    return `${inputs.role}_${inputs.database}_${inputs.objectType}`;
  },

  async read(_id, known, { client }) {
    const rows = await client.rows(
      `SELECT p.privilege_type FROM pg_database d
         LEFT JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) p
           ON p.grantee = (CASE WHEN $2 = 'public' THEN 0 ELSE (SELECT oid FROM pg_roles WHERE rolname = $2) END)
       WHERE d.datname = $1 ORDER BY 1`,
      [known.database, known.role],
    );
    if (rows.length === 0) return undefined;
    const privileges = rows.map((row) => row.privilege_type).filter((privilege) => privilege !== null);
    return {
      role: known.role ?? "",
      database: known.database ?? "",
      objectType: known.objectType ?? "",
      privileges: privileges.map(String),
      withGrantOption: known.withGrantOption ?? false,
      schema: null,
      objects: null,
      columns: null,
    };
  },

  async update({ inputs }, { client }) {
    await replace(inputs, client);
  },

  async delete({ outputs }, { client }) {
    const [there] = await client.rows(
      "SELECT FROM pg_database WHERE datname = $1 AND ($2 = 'public' OR EXISTS (SELECT FROM pg_roles WHERE rolname = $2))",
      [outputs.database, outputs.role],
    );
    if (there) await client.rows(revocation(outputs));
  },
  // No `recover`: granting again is harmless, so what an interrupted one did is done anew.
};

/** Exactly these privileges: none that somebody else granted stay. */
async function replace(inputs: PropertyMap, client: Server): Promise<void> {
  const privileges = Array.isArray(inputs.privileges) ? inputs.privileges.map(String) : [];
  const words = privileges.filter((privilege) => /^[A-Za-z ]+$/.test(privilege));
  if (words.length < privileges.length) throw new Error(`"${privileges.join(", ")}" are no privileges`);
  await client.rows(revocation(inputs));
  if (words.length === 0) return;
  const option = inputs.withGrantOption === true ? " WITH GRANT OPTION" : "";
  await client.rows(
    `GRANT ${words.join(", ")} ON DATABASE ${name(String(inputs.database))} TO ${grantee(inputs)}${option}`,
  );
}

function revocation(inputs: PropertyMap): string {
  return `REVOKE ALL PRIVILEGES ON DATABASE ${name(String(inputs.database))} FROM ${grantee(inputs)}`;
}

function grantee(inputs: PropertyMap): string {
  return inputs.role === "public" ? "PUBLIC" : name(String(inputs.role));
}
