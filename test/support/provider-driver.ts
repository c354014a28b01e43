import { randomBytes } from "node:crypto";
import type { CallContext, DiffResult, Provider, ReadResult } from "../../engine/src/plugin/contract.ts";
import { stripAll } from "../../engine/src/values/secrets.ts";
import type { PropertyMap } from "../../engine/src/values/values.ts";

/** A resource as the engine's state would have it. */
export interface Driven {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
}

interface DriveOptions {
  readonly ignoreChanges?: readonly string[];
  readonly preview?: boolean;
}

/** Calls a provider as the engine does, without secret wrappers: check, then diff or the operation. Throws what a check finds wrong. */
export function drive(provider: Provider) {
  const lines: string[] = [];
  const context = (type: string, name: string): CallContext => ({
    urn: `urn:pulumi:test::test::${type}::${name}`,
    type,
    signal: new AbortController().signal,
    log: (_severity, message) => lines.push(message),
  });

  async function check(type: string, name: string, news: PropertyMap, olds?: PropertyMap): Promise<PropertyMap> {
    const request = { ...context(type, name), name, olds, news, randomSeed: randomBytes(32) };
    const { inputs, failures = [] } = await provider.check(request);
    if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("; "));
    return inputs;
  }

  async function diff(state: Driven, program: PropertyMap, options: DriveOptions = {}): Promise<DiffResult> {
    const news = await check(state.type, state.name, program, state.inputs);
    const { ignoreChanges = [] } = options;
    const { type, name, id, inputs: oldInputs, outputs } = state;
    const oldOutputs = stripAll(outputs);
    return provider.diff({ ...context(type, name), id, oldInputs, oldOutputs, news, ignoreChanges });
  }

  async function create(type: string, name: string, program: PropertyMap, options: DriveOptions = {}): Promise<Driven> {
    const inputs = await check(type, name, program);
    const request = { ...context(type, name), name, inputs, timeout: 0, preview: options.preview === true };
    const { id, outputs } = await provider.create(request);
    return { type, name, id, inputs, outputs };
  }

  async function update(state: Driven, program: PropertyMap, options: DriveOptions = {}): Promise<Driven> {
    const news = await check(state.type, state.name, program, state.inputs);
    const { type, name, id, inputs: oldInputs, outputs } = state;
    const oldOutputs = stripAll(outputs);
    const { ignoreChanges = [], preview = false } = options;
    const request = { ...context(type, name), id, oldInputs, oldOutputs, news, ignoreChanges, timeout: 0, preview };
    return { ...state, inputs: news, outputs: await provider.update(request) };
  }

  async function refresh(state: Driven): Promise<Driven | undefined> {
    const { type, name, id, inputs, outputs } = state;
    const found = await provider.read({ ...context(type, name), id, inputs, outputs: stripAll(outputs) });
    return found && { ...state, id: found.id, inputs: found.inputs ?? inputs, outputs: found.outputs };
  }

  async function remove({ type, name, id, inputs, outputs }: Driven): Promise<void> {
    await provider.delete({ ...context(type, name), id, inputs, outputs: stripAll(outputs), timeout: 0 });
  }

  async function recover(type: string, name: string, program: PropertyMap): Promise<ReadResult | undefined> {
    const inputs = await check(type, name, program);
    return provider.recover?.({ ...context(type, name), inputs });
  }

  return { check, diff, create, update, refresh, remove, recover, lines };
}
