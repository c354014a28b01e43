import { nameOf } from "../../../engine/src/deploy/urn.ts";
import {
  type CreateRequest,
  type CreateResult,
  type DeleteRequest,
  InitError,
  type ReadRequest,
  type ReadResult,
  type UpdateRequest,
} from "../../../engine/src/plugin/contract.ts";
import { SimulatedProvider, World } from "../../../engine/src/testing/index.ts";
import type { PropertyMap } from "../../../engine/src/values/values.ts";

export { World };

const Thing = {
  replaceOn: ["key"],
  deleteFirstOn: ["slot"],
  outputs: ({ id }: { id: string }) => ({ token: `token of ${id}` }),
  check: (inputs: PropertyMap) => (inputs.bad === undefined ? [] : [{ property: "bad", reason: "is bad" }]),
};

/**
 * The package `fake`: a resource has `name` and `value`; a changed `key` or (delete first) `slot` replaces it.
 * `fail` and `unwell` name the operation that goes wrong.
 */
export class FakeProvider extends SimulatedProvider {
  constructor(world: World) {
    super(world, "fake", { "fake:index:Thing": Thing }, { "fake:index:echo": (args) => args });
  }

  async diffConfig({ oldInputs, news }: { oldInputs: PropertyMap; news: PropertyMap }) {
    const changes = JSON.stringify(oldInputs) !== JSON.stringify(news);
    return { changes, replaces: oldInputs.account === news.account ? [] : ["account"] };
  }

  override async create(request: CreateRequest): Promise<CreateResult> {
    this.#failIfMeant("create", request.name, request.inputs);
    const created = await super.create(request);
    if (request.inputs.unwell === "create") throw new InitError(created.id, created.outputs, ["not ready yet"]);
    return created;
  }

  /**
   * Like some that are real, it tells no inputs of what has none yet, as when it is imported, and takes another form of
   * an id for that: `path/to/ID`.
   */
  override async read(request: ReadRequest): Promise<ReadResult | undefined> {
    const found = await super.read({ ...request, id: request.id.replace(/^path\/to\//, "") });
    return found && Object.keys(request.inputs).length === 0 ? { ...found, inputs: {} } : found;
  }

  override async update(request: UpdateRequest): Promise<PropertyMap> {
    this.#failIfMeant("update", nameOf(request.urn), request.news);
    const outputs = await super.update(request);
    if (request.news.unwell === "update") throw new InitError(request.id, outputs, ["not ready yet"]);
    return outputs;
  }

  override async delete(request: DeleteRequest): Promise<void> {
    this.#failIfMeant("delete", nameOf(request.urn), request.inputs);
    await super.delete(request);
  }

  #failIfMeant(operation: string, name: string, inputs: PropertyMap): void {
    if (inputs.fail !== operation) return;
    this.world.log.push(`${operation} ${name}`);
    throw new Error(`cannot ${operation} ${name}`);
  }
}
