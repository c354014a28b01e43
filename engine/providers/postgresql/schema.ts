import type { PropertyMap } from "../../src/values/values.ts";
import { type BridgedResource, bool, set, string } from "../bridge/index.ts";
import { name, type Server } from "./client.ts";

/** `postgresql:index/schema:Schema`. */
export const schema: BridgedResource<Server> = {
  properties: {
    name: string({ required: true }),
    database: string({ forceNew: true, computed: true }),
    owner: string({ computed: true }),
    ifNotExists: bool({ default: true }),
    dropCascade: bool(),
    policies: set({}, { tf: "policy", unsupported: true }),
  },

  async create(inputs, { client }) {
    const server = serverOf(inputs, client);
    const absent = inputs.ifNotExists === false ? "" : "IF NOT EXISTS ";
    const authorization = inputs.owner ? ` AUTHORIZATION ${name(String(inputs.owner))}` : "";
    await server.run([`CREATE SCHEMA ${absent}${name(String(inputs.name))}${authorization}`]);
    return `${server.database}.${inputs.name}`;
  },

  async read(id, known, { client }) {
    const server = serverOf({ database: known.database ?? id.slice(0, id.indexOf(".")) }, client);
    if (!(await hasDatabase(server.database, client))) return undefined;
    const found = await find(server, id.slice(id.indexOf(".") + 1));
    return (
      found && {
        name: String(found.nspname),
        database: server.database,
        owner: String(found.owner),
        ifNotExists: known.ifNotExists ?? true,
        dropCascade: known.dropCascade ?? false,
        policies: [],
      }
    );
  },

  async update({ id, inputs, oldInputs }, { client }) {
    const old = String(oldInputs.name);
    if (inputs.name !== old) throw new Error(`the schema "${id}" cannot be renamed: make a new one and remove it`);
    if (inputs.owner === undefined || inputs.owner === oldInputs.owner) return;
    await serverOf(inputs, client).run([`ALTER SCHEMA ${name(old)} OWNER TO ${name(String(inputs.owner))}`]);
  },

  async delete({ outputs }, { client }) {
    const { database, dropCascade } = outputs;
    if (!(await hasDatabase(String(database), client))) return;
    const cascade = dropCascade === true ? " CASCADE" : "";
    await serverOf(outputs, client).run([`DROP SCHEMA IF EXISTS ${name(String(outputs.name))}${cascade}`]);
  },

  async recover(inputs, { client }) {
    const server = serverOf(inputs, client);
    return (await find(server, String(inputs.name))) && `${server.database}.${inputs.name}`;
  },
};

async function find(server: Server, schemaName: string) {
  const [found] = await server.rows(
    "SELECT nspname, pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = $1",
    [schemaName],
  );
  return found;
}

/** The server in the database of a resource; the provider's own where it names none. */
export function serverOf({ database }: PropertyMap, client: Server): Server {
  return typeof database === "string" && database !== "" ? client.in(database) : client;
}

export async function hasDatabase(database: string, client: Server): Promise<boolean> {
  return (await client.rows("SELECT FROM pg_database WHERE datname = $1", [database])).length > 0;
}
