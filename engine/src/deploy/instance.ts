import { randomBytes } from "node:crypto";
import {
  type CallContext,
  type CheckResult,
  type CreateResult,
  type DiffResult,
  InitError,
  type InvokeResult,
  type Provider,
  type ReadResult,
} from "../plugin/contract.ts";
import { annotate, secret } from "../values/secrets.ts";
import { isMap, type PropertyMap, type PropertyValue, ResourceReference, Secret, Unknown } from "../values/values.ts";
import type { ResourceState } from "./types.ts";
import { nameOf } from "./urn.ts";

/** What a provider's calls need of the deployment. */
export interface InstanceContext {
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  log(urn: string, severity: Parameters<CallContext["log"]>[0], message: string): void;
}

/** The outcome of an operation on a resource. `errors`: it exists, but is not in order. */
export interface Outcome {
  readonly id: string;
  readonly outputs: PropertyMap;
  readonly inputs?: PropertyMap;
  readonly errors?: readonly string[];
}

/**
 * A provider as the engine calls it: on states. Values lose their wrappers on the way in, and what was secret
 * is secret again on the way out.
 */
export class Instance {
  readonly provider: Provider;
  /** False in a preview whose provider's own configuration is not known yet: it can be asked nothing. */
  readonly known: boolean;
  readonly #context: InstanceContext;

  constructor(provider: Provider, known: boolean, context: InstanceContext) {
    this.provider = provider;
    this.known = known;
    this.#context = context;
  }

  async check(state: ResourceState, olds: PropertyMap | undefined, news: PropertyMap): Promise<CheckResult> {
    if (!this.known) return { inputs: news };
    const result = await this.provider.check({
      ...this.#call(state),
      name: nameOf(state.urn),
      olds: olds && bare(olds),
      news: bare(news),
      randomSeed: randomBytes(32),
    });
    return { inputs: annotate(result.inputs, news), failures: result.failures };
  }

  async diff(old: ResourceState, news: PropertyMap, ignoreChanges: readonly string[]): Promise<DiffResult> {
    if (!this.known) return { changes: true };
    return this.provider.diff({
      ...this.#call(old),
      id: old.id ?? "",
      oldInputs: bare(old.inputs),
      oldOutputs: bare(old.outputs),
      news: bare(news),
      ignoreChanges,
    });
  }

  async create(state: ResourceState): Promise<Outcome> {
    if (this.#cannotPreview()) return { id: "", outputs: this.known ? state.inputs : {} };
    return this.#outcome(state, () =>
      this.provider.create({
        ...this.#call(state),
        name: nameOf(state.urn),
        inputs: bare(state.inputs),
        timeout: state.customTimeouts?.create ?? 0,
        preview: this.#context.dryRun,
      }),
    );
  }

  async update(old: ResourceState, state: ResourceState): Promise<Outcome> {
    const id = old.id ?? "";
    if (this.#cannotPreview()) return { id, outputs: this.known ? state.inputs : {} };
    return this.#outcome(state, async () => ({
      id,
      outputs: await this.provider.update({
        ...this.#call(state),
        id,
        oldInputs: bare(old.inputs),
        oldOutputs: bare(old.outputs),
        news: bare(state.inputs),
        ignoreChanges: state.ignoreChanges ?? [],
        timeout: state.customTimeouts?.update ?? 0,
        preview: this.#context.dryRun,
      }),
    }));
  }

  async delete(state: ResourceState): Promise<void> {
    await this.provider.delete({
      ...this.#call(state),
      id: state.id ?? "",
      inputs: bare(state.inputs),
      outputs: bare(state.outputs),
      timeout: state.customTimeouts?.delete ?? 0,
    });
  }

  /** Undefined: it is gone. `inputs` are what the provider is told; an import tells it none. */
  async read(state: ResourceState, id: string, inputs = state.inputs): Promise<Outcome | undefined> {
    return this.#found(state, () =>
      this.provider.read({ ...this.#call(state), id, inputs: bare(inputs), outputs: bare(state.outputs) }),
    );
  }

  /** What an interrupted create left behind. */
  async recover(state: ResourceState): Promise<Outcome | undefined> {
    return this.#found(state, async () =>
      this.provider.recover?.({ ...this.#call(state), inputs: bare(state.inputs) }),
    );
  }

  async invoke(token: string, args: PropertyMap): Promise<InvokeResult> {
    return this.provider.invoke({ token, args: bare(args), signal: this.#context.signal });
  }

  #cannotPreview(): boolean {
    return this.#context.dryRun && !(this.known && this.provider.supportsPreview);
  }

  #call(state: ResourceState): CallContext {
    return {
      urn: state.urn,
      type: state.type,
      signal: this.#context.signal,
      log: (severity, message) => this.#context.log(state.urn, severity, message),
    };
  }

  async #outcome(state: ResourceState, call: () => Promise<CreateResult>): Promise<Outcome> {
    try {
      const { id, outputs } = await call();
      return { id, outputs: markSecrets(outputs, state) };
    } catch (error) {
      if (!(error instanceof InitError)) throw error;
      return { id: error.id, outputs: markSecrets(error.outputs, state), errors: error.reasons };
    }
  }

  async #found(state: ResourceState, call: () => Promise<ReadResult | undefined>): Promise<Outcome | undefined> {
    const marked = (outputs: PropertyMap) => annotate(markSecrets(outputs, state), state.outputs);
    try {
      const found = await call();
      if (!found?.id) return undefined;
      return {
        id: found.id,
        outputs: marked(found.outputs),
        inputs: found.inputs && annotate(found.inputs, state.inputs),
      };
    } catch (error) {
      if (!(error instanceof InitError)) throw error;
      return {
        id: error.id,
        outputs: marked(error.outputs),
        inputs: error.inputs && annotate(error.inputs, state.inputs),
        errors: error.reasons,
      };
    }
  }
}

/** Outputs with everything secret that the inputs or the resource's options say. */
export function markSecrets(outputs: PropertyMap, state: ResourceState): PropertyMap {
  const marked = annotate(outputs, state.inputs);
  for (const key of state.additionalSecretOutputs ?? []) {
    const value = marked[key];
    if (value !== undefined) marked[key] = secret(value);
  }
  return marked;
}

/** Without secret wrappers, and with resources by their ids: what providers understand. */
function bare(properties: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, bareValue(value)]));
}

function bareValue(value: PropertyValue): PropertyValue {
  if (value instanceof Secret) return bareValue(value.value);
  if (value instanceof ResourceReference) return value.id instanceof Unknown ? Unknown.value : (value.id ?? value.urn);
  if (Array.isArray(value)) return value.map(bareValue);
  return isMap(value) ? bare(value) : value;
}
