import type {
  CallContext,
  CheckFailure,
  CreateRequest,
  DiffRequest,
  DiffResult,
  Provider,
  UpdateRequest,
} from "../../engine/src/plugin/contract.ts";
import { type PropertyMap, Unknown } from "../../engine/src/values/values.ts";
import type { FunctionDefinition, ResourceDefinition } from "./definition.ts";
import { diffInputs } from "./diff.ts";
import { readFields } from "./shape.ts";

/** A definition whatever its inputs and outputs are: the kit has checked them before it calls. */
// biome-ignore lint/suspicious/noExplicitAny: a table holds definitions of different inputs; check() makes the call sound.
type AnyDefinition = ResourceDefinition<any, any>;

/**
 * Makes a provider of a table of definitions.
 *
 * @param definitions by type token, as in `dyno:index:Route`.
 * @param functions by token. @default none
 */
export function providerOf(
  name: string,
  version: string,
  definitions: Readonly<Record<string, AnyDefinition>>,
  functions: Readonly<Record<string, FunctionDefinition>> = {},
): Provider {
  const definitionOf = (call: CallContext): AnyDefinition => {
    const definition = definitions[call.type];
    if (!definition) {
      throw new Error(
        `${call.type} is no resource of ${name} ${version}; there are ${Object.keys(definitions).join(", ")}`,
      );
    }
    return definition;
  };

  return {
    name,
    version,
    async configure() {},
    async check(request) {
      const failures: CheckFailure[] = [];
      const inputs = readFields(definitionOf(request).inputs, request.news, "", failures);
      return failures.length > 0 ? { inputs: request.news, failures } : { inputs };
    },
    diff: async (request) => diff(definitionOf(request), request),
    create: async (request) => create(definitionOf(request), request),
    async read(request) {
      const { id, inputs } = request;
      const outputs = await (definitionOf(request).read?.(request, request) ?? request.outputs);
      return outputs && { id, inputs, outputs };
    },
    update: async (request) => update(definitionOf(request), request),
    async delete(request) {
      await definitionOf(request).delete?.(request, request);
    },
    async invoke({ token, args, signal }) {
      const definition = functions[token];
      if (definition === undefined) throw new Error(`${token} is no function of ${name} ${version}`);
      const failures: CheckFailure[] = [];
      const inputs = readFields(definition.inputs, args, "", failures);
      return failures.length > 0 ? { outputs: {}, failures } : { outputs: await definition.invoke(inputs, signal) };
    },
    async recover(request) {
      const found = await definitionOf(request).recover?.(request.inputs, request);
      return found && { ...found, inputs: request.inputs };
    },
  };
}

async function diff(definition: AnyDefinition, request: DiffRequest): Promise<DiffResult> {
  const { id, oldInputs: inputs, oldOutputs: outputs, ignoreChanges } = request;
  const declared = diffInputs(inputs, request.news, definition.replaceOn, ignoreChanges);
  if (declared.changes) {
    const sentence = definition.sentence?.({ id, inputs, outputs }, request.news);
    if (sentence !== undefined) request.log("info", sentence);
    return { ...declared, deleteBeforeReplace: definition.deleteBeforeReplace ?? false };
  }
  const drifted = (await definition.changed?.({ id, inputs, outputs }, request)) ?? [];
  return {
    changes: drifted.length > 0,
    detailedDiff: Object.fromEntries(drifted.map((property) => [property, { kind: "update", inputDiff: false }])),
  };
}

async function create(definition: AnyDefinition, request: CreateRequest) {
  if (request.preview) return { id: "", outputs: previewed(definition, request.inputs) };
  return definition.create(request.inputs, request);
}

async function update(definition: AnyDefinition, request: UpdateRequest): Promise<PropertyMap> {
  if (request.preview) return previewed(definition, request.news);
  if (!definition.update) throw new Error(`${request.type} is never updated; report this as a mistake of the engine`);
  const { id, oldInputs: inputs, oldOutputs: outputs } = request;
  return definition.update({ id, inputs, outputs }, request.news, request);
}

function previewed(definition: AnyDefinition, inputs: PropertyMap): PropertyMap {
  const unknown = definition.computed.map((property) => [property, Unknown.value]);
  return { ...inputs, ...Object.fromEntries(unknown) };
}
