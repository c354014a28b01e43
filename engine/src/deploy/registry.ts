import { randomUUID } from "node:crypto";
import type {
  CheckRequest,
  CheckResult,
  CreateRequest,
  CreateResult,
  DeleteRequest,
  DiffRequest,
  DiffResult,
  InvokeResult,
  Provider,
  ReadResult,
  UpdateRequest,
} from "../plugin/contract.ts";
import { equalMaps } from "../values/equality.ts";
import { containsUnknowns, stripAll } from "../values/secrets.ts";
import type { PropertyMap } from "../values/values.ts";
import { unknownMarker } from "../values/wire.ts";
import { interpret } from "./diffing.ts";
import { Instance, type InstanceContext } from "./instance.ts";
import type { ResourceState } from "./types.ts";
import { isProviderType, nameOf, providerPackage, splitReference, typeOf } from "./urn.ts";

/** Inputs of a provider resource that are the engine's own and never reach the provider. */
const reserved = new Set(["version", "pluginDownloadURL", "__internal"]);

/** Makes a provider for a package, of a version or ("") of any; throws a line that says why there is none. */
type LoadProvider = (packageName: string, version: string) => Promise<Provider>;

/**
 * The providers of a deployment. Each is a resource itself (`pulumi:providers:<package>`), whose "provider"
 * is this registry: creating, updating or keeping it configures an instance.
 */
export class Registry implements Provider {
  readonly name = "pulumi";
  readonly version = "";
  readonly supportsPreview = true;
  /** Provider resources go through the same steps as all others. */
  readonly self: Instance;
  readonly #load: LoadProvider;
  readonly #context: InstanceContext;
  readonly #instances = new Map<string, Instance>();
  readonly #loading = new Map<string, Promise<Instance>>();
  /** One of each package and version, to check and compare configurations. */
  readonly #prototypes = new Map<string, Promise<Provider>>();
  readonly #taken = new Set<string>();
  readonly #all = new Set<Provider>();
  /** The provider resources of the last deployment, by reference. */
  readonly #olds: ReadonlyMap<string, ResourceState>;

  constructor(load: LoadProvider, olds: readonly ResourceState[], context: InstanceContext) {
    this.#load = load;
    this.#context = context;
    this.#olds = new Map(
      olds.filter(({ type }) => isProviderType(type)).map((state) => [`${state.urn}::${state.id}`, state]),
    );
    this.self = new Instance(this, true, context);
  }

  /** Begins to load what the last deployment had, which takes a while. */
  expect(): void {
    for (const { type, inputs } of this.#olds.values()) this.#prototype(type, inputs).catch(() => undefined);
  }

  /** The provider of a resource, configured; one of the last deployment is configured from the state. */
  async instance(reference: string): Promise<Instance> {
    const known = this.#instances.get(reference);
    if (known) return known;
    let loading = this.#loading.get(reference);
    if (!loading) {
      loading = this.#fromState(reference);
      this.#loading.set(reference, loading);
    }
    return loading;
  }

  /** Who manages a resource of this state. */
  async instanceFor(state: ResourceState): Promise<Instance> {
    if (isProviderType(state.type)) return this.self;
    if (!state.provider) throw new Error(`${state.urn} has no provider`);
    return this.instance(state.provider);
  }

  /** Whether a reference is to a provider of this deployment or the last one. */
  has(reference: string): boolean {
    return this.#instances.has(reference) || this.#olds.has(reference);
  }

  /** The configuration that a provider was last deployed with. */
  oldInputs(reference: string): PropertyMap | undefined {
    return this.#olds.get(reference)?.inputs;
  }

  /** A provider resource that stays as it is: configured with what the state says. */
  async keep(state: ResourceState): Promise<void> {
    await this.#configure(state.urn, state.id ?? "", state.inputs);
  }

  async configure(): Promise<void> {}

  async check(request: CheckRequest): Promise<CheckResult> {
    const provider = await this.#prototype(request.type, request.news);
    if (!provider.checkConfig) return { inputs: request.news };
    const olds = request.olds && ownInputs(request.olds);
    const result = await provider.checkConfig({ urn: request.urn, olds, news: ownInputs(request.news) });
    const engines = Object.entries(request.news).filter(([key]) => reserved.has(key));
    return { inputs: { ...result.inputs, ...Object.fromEntries(engines) }, failures: result.failures };
  }

  async diff(request: DiffRequest): Promise<DiffResult> {
    return this.compareConfigs(request.urn, request.oldInputs, request.news);
  }

  /** What changing a provider's configuration means for its resources. */
  async compareConfigs(urn: string, oldInputs: PropertyMap, news: PropertyMap): Promise<DiffResult> {
    const provider = await this.#prototype(typeOf(urn), news);
    if (provider.diffConfig && !containsUnknowns(news)) {
      const diff = await provider.diffConfig({ urn, oldInputs: ownInputs(oldInputs), news: ownInputs(news) });
      if (diff.changes !== undefined) return diff;
    }
    return { changes: !equalMaps(stripAll(ownInputs(oldInputs)), stripAll(ownInputs(news))) };
  }

  /** Whether two providers of the last deployment manage the same things, as those of one account do. */
  async meanTheSame(one: string, other: string): Promise<boolean> {
    if (one === other) return true;
    const olds = this.oldInputs(one);
    const news = this.oldInputs(other);
    if (!olds || !news) return false;
    return interpret(await this.compareConfigs(splitReference(other).urn, olds, news), olds, news).kind !== "replace";
  }

  async create(request: CreateRequest): Promise<CreateResult> {
    const id = request.preview ? unknownMarker : randomUUID();
    await this.#configure(request.urn, id, request.inputs);
    return { id, outputs: withoutInternal(request.inputs) };
  }

  async update(request: UpdateRequest): Promise<PropertyMap> {
    await this.#configure(request.urn, request.id, request.news);
    return withoutInternal(request.news);
  }

  async delete(request: DeleteRequest): Promise<void> {
    const reference = `${request.urn}::${request.id}`;
    const instance = this.#instances.get(reference);
    this.#instances.delete(reference);
    await instance?.provider.close?.();
  }

  async read(): Promise<ReadResult | undefined> {
    throw new Error("a provider cannot be read");
  }

  async invoke(): Promise<InvokeResult> {
    throw new Error("a provider registry has no functions");
  }

  /** Ends everything that was loaded. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#all].map((provider) => provider.close?.()));
  }

  async #configure(urn: string, id: string, inputs: PropertyMap): Promise<Instance> {
    const provider = await this.#take(typeOf(urn), inputs);
    const config = stripAll(ownInputs(inputs));
    const known = !containsUnknowns(config);
    if (known) await provider.configure(config);
    const instance = new Instance(provider, known, this.#context);
    this.#instances.set(`${urn}::${id}`, instance);
    return instance;
  }

  async #fromState(reference: string): Promise<Instance> {
    const state = this.#olds.get(reference);
    const { urn, id } = splitReference(reference);
    if (!state) throw new Error(`the provider "${nameOf(urn)}" (${reference}) is not in the state`);
    return this.#configure(urn, id, state.inputs);
  }

  #prototype(type: string, inputs: PropertyMap): Promise<Provider> {
    const key = keyOf(type, inputs);
    let provider = this.#prototypes.get(key);
    if (!provider) {
      provider = this.#start(type, inputs);
      this.#prototypes.set(key, provider);
    }
    return provider;
  }

  /** A provider to configure; the first of a package is the one that checked its configuration. */
  async #take(type: string, inputs: PropertyMap): Promise<Provider> {
    const key = keyOf(type, inputs);
    if (this.#taken.has(key)) return this.#start(type, inputs);
    this.#taken.add(key);
    return this.#prototype(type, inputs);
  }

  async #start(type: string, inputs: PropertyMap): Promise<Provider> {
    const provider = await this.#load(providerPackage(type), versionOf(inputs));
    this.#all.add(provider);
    return provider;
  }
}

function keyOf(type: string, inputs: PropertyMap): string {
  return `${type} ${versionOf(inputs)}`;
}

/** The version that a provider resource asks for; "" if any will do. */
function versionOf({ version }: PropertyMap): string {
  return typeof version === "string" ? version : "";
}

function ownInputs(inputs: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => !reserved.has(key)));
}

function withoutInternal(inputs: PropertyMap): PropertyMap {
  const { __internal, ...outputs } = inputs;
  return outputs;
}
