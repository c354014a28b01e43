import { nameOf } from "../deploy/urn.ts";
import type {
  CheckFailure,
  CheckRequest,
  CheckResult,
  CreateRequest,
  CreateResult,
  DeleteRequest,
  DiffRequest,
  DiffResult,
  InvokeRequest,
  InvokeResult,
  Provider,
  ReadRequest,
  ReadResult,
  RecoverRequest,
  UpdateRequest,
} from "../plugin/contract.ts";
import { diffProperties } from "../plugin/diff.ts";
import { parsePath } from "../values/paths.ts";
import type { PropertyMap } from "../values/values.ts";
import type { World } from "./world.ts";

/** How resources of one type behave. */
export interface ResourceRules {
  /** Inputs whose change needs a new resource; the old one goes afterwards. */
  readonly replaceOn?: readonly string[];
  /** Inputs whose change needs a new resource that cannot be there beside the old one: that goes first. */
  readonly deleteFirstOn?: readonly string[];
  /** Outputs besides the inputs. */
  outputs?(thing: { readonly id: string; readonly inputs: PropertyMap }): PropertyMap;
  /** What is wrong with inputs; they may hold `Unknown` in a preview. */
  check?(inputs: PropertyMap): readonly CheckFailure[];
}

/** Rules by type token (`aws:s3/bucket:Bucket`). Types that are not named have none: all is updated in place. */
export type PackageRules = Readonly<Record<string, ResourceRules>>;

/** Answers a function by its arguments. */
export type Functions = Readonly<Record<string, (args: PropertyMap) => PropertyMap>>;

/** A provider whose things are a world's: it does all that a real one does, and nothing is made anywhere. */
export class SimulatedProvider implements Provider {
  readonly name: string;
  readonly version = "1.0.0";
  protected readonly world: World;
  readonly #rules: PackageRules;
  readonly #functions: Functions;

  /** @param name the package */
  constructor(world: World, name: string, rules: PackageRules = {}, functions: Functions = {}) {
    this.world = world;
    this.name = name;
    this.#rules = rules;
    this.#functions = functions;
  }

  async configure(config: PropertyMap): Promise<void> {
    this.world.configs.push(config);
  }

  async check({ type, news }: CheckRequest): Promise<CheckResult> {
    return { inputs: news, failures: this.#rules[type]?.check?.(news) ?? [] };
  }

  async diff({ type, oldInputs, news, ignoreChanges }: DiffRequest): Promise<DiffResult> {
    const { replaceOn = [], deleteFirstOn = [] } = this.#rules[type] ?? {};
    const detailedDiff = diffProperties(oldInputs, news);
    for (const path of ignoreChanges) delete detailedDiff[path];
    const replaces = new Set<string>();
    for (const [path, change] of Object.entries(detailedDiff)) {
      const [key] = parsePath(path);
      if (typeof key !== "string" || ![...replaceOn, ...deleteFirstOn].includes(key)) continue;
      replaces.add(key);
      detailedDiff[path] = { ...change, kind: `${change.kind as "update"}-replace` };
    }
    return {
      changes: Object.keys(detailedDiff).length > 0,
      replaces: [...replaces],
      detailedDiff,
      deleteBeforeReplace: deleteFirstOn.some((key) => replaces.has(key)),
    };
  }

  async create({ type, name, inputs, signal }: CreateRequest): Promise<CreateResult> {
    await this.world.begin("create", name, signal);
    const id = this.world.newId(name);
    this.world.things.set(id, { ...inputs, name: inputs.name ?? name });
    await this.world.interrupt("after", "create", name, signal);
    return { id, outputs: this.#outputs(type, id, inputs) };
  }

  async read({ type, id, urn, inputs, signal }: ReadRequest): Promise<ReadResult | undefined> {
    const name = nameOf(urn);
    await this.world.begin("read", name, signal);
    const found = this.#find(type, id, inputs);
    await this.world.interrupt("after", "read", name, signal);
    return found;
  }

  #find(type: string, id: string, inputs: PropertyMap): ReadResult | undefined {
    const thing = this.world.things.get(id);
    if (!thing) return undefined;
    // What is imported has no inputs yet: all that is there is one.
    const keys = Object.keys(Object.keys(inputs).length > 0 ? inputs : thing);
    const read = Object.fromEntries(keys.map((key) => [key, thing[key] ?? null]));
    const { name, ...properties } = thing;
    return { id, inputs: read, outputs: this.#outputs(type, id, { ...properties, ...read }) };
  }

  async update({ type, id, urn, news, signal }: UpdateRequest): Promise<PropertyMap> {
    const name = nameOf(urn);
    await this.world.begin("update", name, signal);
    this.world.things.set(id, { ...news, name: news.name ?? name });
    await this.world.interrupt("after", "update", name, signal);
    return this.#outputs(type, id, news);
  }

  async delete({ id, urn, signal }: DeleteRequest): Promise<void> {
    const name = nameOf(urn);
    await this.world.begin("delete", name, signal);
    this.world.things.delete(id);
    await this.world.interrupt("after", "delete", name, signal);
  }

  async invoke({ token, args }: InvokeRequest): Promise<InvokeResult> {
    const called = this.#functions[token];
    if (!called) throw new Error(`the simulated package ${this.name} has no function ${token}`);
    return { outputs: called(args) };
  }

  /** The newest thing of the name. */
  async recover({ type, urn, inputs }: RecoverRequest): Promise<ReadResult | undefined> {
    const name = inputs.name ?? nameOf(urn);
    const [id] = [...this.world.things].findLast(([, thing]) => thing.name === name) ?? [];
    return id === undefined ? undefined : { id, inputs, outputs: this.#outputs(type, id, inputs) };
  }

  #outputs(type: string, id: string, inputs: PropertyMap): PropertyMap {
    return { ...inputs, ...this.#rules[type]?.outputs?.({ id, inputs }) };
  }
}
