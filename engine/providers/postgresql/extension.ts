import { type BridgedResource, bool, string } from "../bridge/index.ts";
import { literal, name, type Server } from "./client.ts";
import { hasDatabase, serverOf } from "./schema.ts";

const forceNew = true;
const computed = true;

/** `postgresql:index/extension:Extension`. */
export const extension: BridgedResource<Server> = {
  properties: {
    name: string({ required: true, forceNew }),
    database: string({ forceNew, computed }),
    schema: string({ computed }),
    version: string({ computed }),
    createCascade: bool(),
    dropCascade: bool(),
  },

  async create(inputs, { client }) {
    const server = serverOf(inputs, client);
    const options = [
      ...(inputs.schema ? [`SCHEMA ${name(String(inputs.schema))}`] : []),
      ...(inputs.version ? [`VERSION ${literal(String(inputs.version))}`] : []),
      ...(inputs.createCascade === true ? ["CASCADE"] : []),
    ];
    await server.run([`CREATE EXTENSION IF NOT EXISTS ${name(String(inputs.name))} ${options.join(" ")}`]);
    return `${server.database}.${inputs.name}`;
  },

  async read(id, known, { client }) {
    const server = serverOf({ database: known.database ?? id.slice(0, id.indexOf(".")) }, client);
    if (!(await hasDatabase(server.database, client))) return undefined;
    const [found] = await server.rows(
      "SELECT extname, extversion, nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = $1",
      [id.slice(id.indexOf(".") + 1)],
    );
    return (
      found && {
        name: String(found.extname),
        database: server.database,
        schema: String(found.nspname),
        version: String(found.extversion),
        createCascade: known.createCascade ?? false,
        dropCascade: known.dropCascade ?? false,
      }
    );
  },

  async update({ inputs, oldOutputs }, { client }) {
    const alter = `ALTER EXTENSION ${name(String(inputs.name))}`;
    const changed = (property: string) => inputs[property] !== undefined && inputs[property] !== oldOutputs[property];
    await serverOf(inputs, client).run([
      ...(changed("version") ? [`${alter} UPDATE TO ${literal(String(inputs.version))}`] : []),
      ...(changed("schema") ? [`${alter} SET SCHEMA ${name(String(inputs.schema))}`] : []),
    ]);
  },

  async delete({ outputs }, { client }) {
    if (!(await hasDatabase(String(outputs.database), client))) return;
    const cascade = outputs.dropCascade === true ? " CASCADE" : "";
    await serverOf(outputs, client).run([`DROP EXTENSION IF EXISTS ${name(String(outputs.name))}${cascade}`]);
  },
};
