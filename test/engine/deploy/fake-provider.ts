import {
  type CreateRequest,
  type CreateResult,
  type DeleteRequest,
  type DiffRequest,
  type DiffResult,
  InitError,
  type InvokeRequest,
  type InvokeResult,
  type Provider,
  type ReadRequest,
  type ReadResult,
  type RecoverRequest,
  type UpdateRequest,
} from "../../../engine/src/plugin/contract.ts";
import { diffProperties } from "../../../engine/src/values/diff.ts";
import type { PropertyMap } from "../../../engine/src/values/values.ts";

/** What is "really there", shared by all fake providers of a test. */
export class World {
  readonly things = new Map<string, PropertyMap>();
  readonly log: string[] = [];
  readonly configs: PropertyMap[] = [];
  #last = 0;
  /** Called around every change: just before it is made, and when it was made but nobody knows yet. */
  interrupt: (moment: "before" | "after", operation: string, name: string) => Promise<void> | void = () => {};

  newId(name: string): string {
    return `${name}-${++this.#last}`;
  }

  names(): string[] {
    return [...this.things.values()].map(({ name }) => String(name)).sort();
  }
}

/**
 * The package `fake`: a resource has `name` and `value`; a changed `key` or (delete first) `slot` replaces it.
 * `fail` and `unwell` name the operation that goes wrong.
 */
export class FakeProvider implements Provider {
  readonly name = "fake";
  readonly version = "1.0.0";
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async configure(config: PropertyMap): Promise<void> {
    this.#world.configs.push(config);
  }

  async diffConfig({ oldInputs, news }: { oldInputs: PropertyMap; news: PropertyMap }): Promise<DiffResult> {
    const changes = JSON.stringify(oldInputs) !== JSON.stringify(news);
    return { changes, replaces: oldInputs.account === news.account ? [] : ["account"] };
  }

  async check({ news }: { news: PropertyMap }) {
    const failures = news.bad === undefined ? [] : [{ property: "bad", reason: "is bad" }];
    return { inputs: news, failures };
  }

  async diff({ oldInputs, news, ignoreChanges }: DiffRequest): Promise<DiffResult> {
    const detailedDiff = diffProperties(oldInputs, news);
    for (const path of ignoreChanges) delete detailedDiff[path];
    const replaces = ["key", "slot"].filter((key) => key in detailedDiff);
    for (const key of replaces) detailedDiff[key] = { kind: "update-replace", inputDiff: true };
    const changes = Object.keys(detailedDiff).length > 0;
    return { changes, replaces, detailedDiff, deleteBeforeReplace: "slot" in detailedDiff };
  }

  async create({ name, inputs }: CreateRequest): Promise<CreateResult> {
    this.#world.log.push(`create ${name}`);
    if (inputs.fail === "create") throw new Error(`cannot create ${name}`);
    await this.#world.interrupt("before", "create", name);
    const id = this.#world.newId(name);
    this.#world.things.set(id, { ...inputs, name: inputs.name ?? name });
    await this.#world.interrupt("after", "create", name);
    const outputs = { ...inputs, token: `token of ${id}` };
    if (inputs.unwell === "create") throw new InitError(id, outputs, ["not ready yet"]);
    return { id, outputs };
  }

  async read({ id, inputs }: ReadRequest): Promise<ReadResult | undefined> {
    const thing = this.#world.things.get(id);
    if (!thing) return undefined;
    const read = Object.fromEntries(Object.keys(inputs).map((key) => [key, thing[key] ?? null]));
    const { name, ...outputs } = thing;
    return { id, inputs: read, outputs: { ...outputs, ...read, token: `token of ${id}` } };
  }

  async update({ id, urn, news }: UpdateRequest): Promise<PropertyMap> {
    const name = urn.split("::").at(-1) ?? "";
    this.#world.log.push(`update ${name}`);
    if (news.fail === "update") throw new Error(`cannot update ${name}`);
    const outputs = { ...news, token: `token of ${id}` };
    await this.#world.interrupt("before", "update", name);
    this.#world.things.set(id, { ...news, name: news.name ?? name });
    await this.#world.interrupt("after", "update", name);
    if (news.unwell === "update") throw new InitError(id, outputs, ["not ready yet"]);
    return outputs;
  }

  async delete({ id, urn, inputs }: DeleteRequest): Promise<void> {
    const name = urn.split("::").at(-1) ?? "";
    this.#world.log.push(`delete ${name}`);
    if (inputs.fail === "delete") throw new Error(`cannot delete ${name}`);
    await this.#world.interrupt("before", "delete", name);
    this.#world.things.delete(id);
    await this.#world.interrupt("after", "delete", name);
  }

  async invoke({ token, args }: InvokeRequest): Promise<InvokeResult> {
    return { outputs: { token, ...args } };
  }

  async recover({ urn, inputs }: RecoverRequest): Promise<ReadResult | undefined> {
    const name = inputs.name ?? urn.split("::").at(-1) ?? "";
    const ids = [...this.#world.things].filter(([, thing]) => thing.name === name).map(([id]) => id);
    const id = ids.at(-1);
    return id === undefined ? undefined : { id, inputs, outputs: { ...inputs, token: `token of ${id}` } };
  }
}
