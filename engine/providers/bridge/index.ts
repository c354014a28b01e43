/**
 * What every provider does that the real Pulumi builds on a Terraform provider ("bridged"): checks, defaults, diffs
 * and the shape of the state, from a table of properties per resource type. A provider writes the tables and, for each
 * type, create, read, update, delete and recover against its system:
 *
 *     const role: BridgedResource<Pool> = {
 *       properties: {
 *         name: string({ required: true }),
 *         connectionLimit: int({ default: -1 }),
 *         searchPaths: list("string", { tf: "search_path" }),
 *         password: string({ sensitive: true }),
 *       },
 *       async create(inputs, { client }) { …; return id; },
 *       async read(id, known, { client }) { …; return gone ? undefined : { name, connectionLimit }; },
 *       async update({ id, inputs }, { client }) { … },
 *       async delete({ id }, { client }) { … },
 *       async recover(inputs, { client }) { …; return there ? id : undefined; },
 *     };
 *     export const createProvider = () =>
 *       defineBridgedProvider({ name, version, config, resources: { "postgresql:index/role:Role": role }, functions: {}, connect });
 *
 * - Property names are Pulumi's; `tf` where Terraform's is not its snake case. A `name` that is not given is generated.
 * - `read` returns what the real plugin's read sets: a property that it leaves out keeps its known value (the inputs after
 *   a create, the old outputs in a refresh). Null, `[]` or `{}` for absent ones then follow from the table.
 * - Values arrive plain and known; only previews have unknowns, and the bridge answers those by itself.
 */
export { defineBridgedProvider } from "./provider.ts";
export type { BridgedFunction, BridgedResource, Call, Change } from "./resource.ts";
export {
  atLeast,
  bool,
  float,
  int,
  isEmpty,
  list,
  map,
  object,
  oneOf,
  type Properties,
  type Property,
  type PropertyOptions,
  set,
  string,
} from "./schema.ts";
