import type { PropertyMap } from "../../src/values/values.ts";
import { type BridgedResource, bool, int, string } from "../bridge/index.ts";
import { literal, name, type Server } from "./client.ts";
import { foreignOwner, ownershipOf, takingOwnership } from "./ownership.ts";

const forceNew = true;
const computed = true;

/** `postgresql:index/database:Database`. */
export const database: BridgedResource<Server> = {
  properties: {
    name: string({ required: true }),
    owner: string({ computed }),
    template: string({ forceNew, computed }),
    encoding: string({ forceNew, computed }),
    lcCollate: string({ forceNew, computed }),
    lcCtype: string({ forceNew, computed }),
    tablespaceName: string({ computed }),
    connectionLimit: int({ default: -1 }),
    allowConnections: bool({ default: true }),
    isTemplate: bool({ computed }),
    alterObjectOwnership: bool({ unsupported: true }),
  },

  async create(inputs, { client }) {
    await client.run([`CREATE DATABASE ${name(String(inputs.name))} ${creation(inputs).join(" ")}`]);
    return String(inputs.name);
  },

  async read(id, known, { client, log }) {
    const [found] = await client.rows(
      `SELECT pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding, datcollate, datctype,
         spcname, datconnlimit, datallowconn, datistemplate
       FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE datname = $1`,
      [id],
    );
    if (!found) return undefined;
    const ownership = await ownershipOf(id, client);
    if (ownership !== undefined && !ownership.acts && !ownership.admin) {
      const declared = typeof known.owner === "string" && known.owner !== found.owner ? known.owner : undefined;
      log("warning", foreignOwner(id, ownership, declared));
    }
    return {
      name: id,
      owner: String(found.owner),
      encoding: String(found.encoding),
      lcCollate: String(found.datcollate),
      lcCtype: String(found.datctype),
      tablespaceName: String(found.spcname),
      connectionLimit: Number(found.datconnlimit),
      allowConnections: found.datallowconn === true,
      isTemplate: found.datistemplate === true,
      alterObjectOwnership: false,
      // Postgres does not remember it.
      template: known.template ?? "template0",
    };
  },

  async update({ id, inputs, oldInputs }, { client }) {
    const changed = (property: string) => inputs[property] !== undefined && inputs[property] !== oldInputs[property];
    if (inputs.name !== id) throw new Error(`the database "${id}" cannot be renamed: make a new one and remove it`);
    const changes: string[] = [];
    const alter = (change: string) => changes.push(`ALTER DATABASE ${name(id)} ${change}`);
    const own = changed("owner") ? await takingOwnership(id, String(inputs.owner), client) : { before: [], after: [] };
    if (changed("owner")) alter(`OWNER TO ${name(String(inputs.owner))}`);
    if (changed("connectionLimit")) alter(`CONNECTION LIMIT ${Number(inputs.connectionLimit)}`);
    if (changed("allowConnections")) alter(`ALLOW_CONNECTIONS ${inputs.allowConnections === true}`);
    if (changed("isTemplate")) alter(`IS_TEMPLATE ${inputs.isTemplate === true}`);
    await client.run([...own.before, ...changes, ...own.after]);
    // Not possible within a transaction.
    if (changed("tablespaceName")) {
      await client.run([`ALTER DATABASE ${name(id)} SET TABLESPACE ${name(String(inputs.tablespaceName))}`]);
    }
  },

  /** Ends whatever sessions it has. */
  async delete({ id }, { client }) {
    await client.run([`DROP DATABASE IF EXISTS ${name(id)} WITH (FORCE)`]);
  },

  async recover(inputs, { client }) {
    const [there] = await client.rows("SELECT FROM pg_database WHERE datname = $1", [inputs.name]);
    return there && String(inputs.name);
  },
};

/** The options of `CREATE DATABASE`; where the program says nothing, what the real plugin takes. */
function creation(inputs: PropertyMap): string[] {
  const { owner, template, encoding, lcCollate, lcCtype, tablespaceName, isTemplate } = inputs;
  return [
    ...(owner ? [`OWNER ${name(String(owner))}`] : []),
    `TEMPLATE ${name(String(template || "template0"))}`,
    `ENCODING ${literal(String(encoding || "UTF8"))}`,
    `LC_COLLATE ${literal(String(lcCollate || "C"))}`,
    ...(lcCtype ? [`LC_CTYPE ${literal(String(lcCtype))}`] : []),
    ...(tablespaceName ? [`TABLESPACE ${name(String(tablespaceName))}`] : []),
    `ALLOW_CONNECTIONS ${inputs.allowConnections !== false}`,
    `CONNECTION LIMIT ${Number(inputs.connectionLimit ?? -1)}`,
    ...(isTemplate === true ? ["IS_TEMPLATE true"] : []),
  ];
}
