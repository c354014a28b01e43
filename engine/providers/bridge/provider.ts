import type {
  CallContext,
  CheckFailure,
  CheckRequest,
  CheckResult,
  DiffRequest,
  DiffResult,
  Provider,
  ReadResult,
} from "../../src/plugin/contract.ts";
import { parsePath, within } from "../../src/values/paths.ts";
import { containsUnknowns, stripAll } from "../../src/values/secrets.ts";
import { type PropertyMap, Unknown } from "../../src/values/values.ts";
import { checkProperties } from "./check.ts";
import { compareProperties, detailed } from "./compare.ts";
import { completeOutputs, previewOutputs, shapeOutputs } from "./outputs.ts";
import { importInputs, refreshInputs } from "./refresh.ts";
import type { BridgedFunction, BridgedResource, Call } from "./resource.ts";
import { keysOf, type Phase, type Properties } from "./schema.ts";

interface BridgedProvider<Client> {
  readonly name: string;
  /** Of the real package. */
  readonly version: string;
  readonly config: Properties;
  /** By type token, as in `docker:index/network:Network`. */
  readonly resources: Readonly<Record<string, BridgedResource<Client>>>;
  readonly functions: Readonly<Record<string, BridgedFunction<Client>>>;
  /** Called with the checked configuration, once, when an operation first needs it. */
  connect(config: PropertyMap): Promise<Client> | Client;
}

/** Makes a provider that is to the engine what a real bridged one is; see index.ts. */
export function defineBridgedProvider<Client>(definition: BridgedProvider<Client>): Provider {
  const { name, version, resources } = definition;
  let config: PropertyMap = {};
  let connection: Promise<Client> | undefined;

  function connect(): Promise<Client> {
    connection ??= Promise.resolve(config).then(definition.connect);
    // The next operation tries again.
    connection.catch(() => {
      connection = undefined;
    });
    return connection;
  }

  function resourceOf(type: string): BridgedResource<Client> {
    const resource = resources[type];
    if (resource) return resource;
    const known = Object.keys(resources).join(", ");
    throw new Error(`the engine's own ${name} provider has no resource ${type}; it has ${known}`);
  }

  async function callOf(request: CallContext & { timeout?: number }): Promise<Call<Client>> {
    const { urn, type, signal } = request;
    return {
      urn,
      type,
      signal,
      log: (severity, message) => request.log(severity, message),
      timeout: request.timeout ?? 0,
      client: await connect(),
    };
  }

  /** Reads a resource; its outputs are complete. */
  async function readOutputs(id: string, known: PropertyMap, phase: Phase, call: Call<Client>) {
    const resource = resourceOf(call.type);
    const live = await resource.read(id, known, call);
    return live && completeOutputs(id, resource, shapeOutputs(resource.properties, live, known, phase), phase);
  }

  async function readAfter(operation: string, id: string, known: PropertyMap, call: Call<Client>) {
    const outputs = await readOutputs(id, known, "apply", call);
    if (!outputs) throw new Error(`it was gone right after the ${operation}`);
    return outputs;
  }

  async function readState(named: string, inputs: PropertyMap, outputs: PropertyMap, call: Call<Client>) {
    const { properties, importState } = resourceOf(call.type);
    const imported = keysOf(inputs).length === 0;
    const { id, known } = (imported ? importState?.(named) : undefined) ?? {
      id: named,
      known: imported ? {} : outputs,
    };
    const current = await readOutputs(id, known, "read", call);
    if (!current) return undefined;
    const result: ReadResult = {
      id,
      outputs: current,
      inputs: imported ? importInputs(properties, current) : refreshInputs(properties, stripAll(current), inputs),
    };
    return result;
  }

  return {
    name,
    version,

    async checkConfig({ news }) {
      const failures: CheckFailure[] = [];
      checkProperties(definition.config, parseConfig(definition.config, news), [], failures);
      return { inputs: news, failures };
    },

    async diffConfig({ oldInputs, news }) {
      const differences = compareProperties(
        definition.config,
        parseConfig(definition.config, oldInputs),
        parseConfig(definition.config, news),
      );
      return { changes: differences.length > 0, replaces: [], detailedDiff: detailed(differences) };
    },

    async configure(properties) {
      config = checkProperties(definition.config, parseConfig(definition.config, properties), [], []);
      connection = undefined;
    },

    async check(request) {
      return check(resourceOf(request.type), request);
    },

    async diff(request) {
      return diff(resourceOf(request.type), request);
    },

    async create(request) {
      const resource = resourceOf(request.type);
      if (request.preview) return { id: "", outputs: previewOutputs(resource.properties, request.inputs) };
      const call = await callOf(request);
      const id = await resource.create(request.inputs, call);
      return { id, outputs: await readAfter("create", id, request.inputs, call) };
    },

    async read(request) {
      return readState(request.id, request.inputs, request.outputs, await callOf(request));
    },

    async update(request) {
      const { id, oldInputs, oldOutputs, news: inputs, ignoreChanges } = request;
      const resource = resourceOf(request.type);
      if (request.preview) return previewOutputs(resource.properties, inputs, oldOutputs);
      if (!resource.update) throw new Error(`${request.type} cannot be updated`);
      const call = await callOf(request);
      await resource.update({ id, inputs, oldInputs, oldOutputs, ignoreChanges }, call);
      return readAfter("update", id, { ...filledIn(resource.properties, oldOutputs), ...inputs }, call);
    },

    async delete(request) {
      const { id, outputs } = request;
      await resourceOf(request.type).delete({ id, outputs }, await callOf(request));
    },

    async invoke({ token, args, signal }) {
      const called = definition.functions[token];
      if (!called) throw new Error(`the engine's own ${name} provider has no function ${token}`);
      const failures: CheckFailure[] = [];
      const checked = checkProperties(called.args, args, [], failures);
      if (failures.length > 0) return { outputs: {}, failures };
      return { outputs: await called.invoke(checked, await connect(), signal) };
    },

    async recover(request) {
      const resource = resourceOf(request.type);
      const call = await callOf(request);
      const id = await resource.recover?.(request.inputs, call);
      if (id === undefined) return undefined;
      const outputs = await readOutputs(id, request.inputs, "apply", call);
      if (!outputs) return undefined;
      return { id, outputs, inputs: refreshInputs(resource.properties, stripAll(outputs), request.inputs) };
    },
  };
}

function check<Client>(resource: BridgedResource<Client>, request: CheckRequest): CheckResult {
  const failures: CheckFailure[] = [];
  const named = withName(resource.properties, request);
  const inputs = checkProperties(resource.properties, named, [], failures);
  const generated = named.name !== undefined && !request.news.name;
  const defaults = inputs.__defaults;
  if (generated && Array.isArray(defaults)) inputs.__defaults = [...defaults, "name"].sort();
  if (failures.length === 0 && !containsUnknowns(inputs)) failures.push(...(resource.check?.(inputs) ?? []));
  return { inputs, failures };
}

/** Inputs with a generated name, where there can be one and none is given: the resource's and seven random digits. */
function withName(properties: Properties, { name, news, olds, randomSeed }: CheckRequest): PropertyMap {
  const property = properties.name;
  if (property?.type !== "string" || property.output || news.name) return news;
  if (Array.isArray(olds?.__defaults) && olds.__defaults.includes("name") && olds.name) {
    return { ...news, name: olds.name };
  }
  return { ...news, name: `${name}-${Buffer.from(randomSeed).toString("hex").slice(0, 7)}` };
}

function diff<Client>(resource: BridgedResource<Client>, request: DiffRequest): DiffResult {
  const { news, oldOutputs } = request;
  const ignored = request.ignoreChanges.map(parsePath);
  const differences = compareProperties(resource.properties, oldOutputs, news).filter(
    ({ path }) => !ignored.some((pattern) => within(pattern, path)),
  );
  const replacing = differences.filter(({ replace }) => replace);
  const defaults = news.__defaults;
  // A name that the program chose cannot be had twice.
  const named = Array.isArray(defaults) && news.name !== undefined && !defaults.includes("name");
  return {
    changes: differences.length > 0,
    replaces: [...new Set(replacing.map(({ path }) => String(path[0])))],
    deleteBeforeReplace: replacing.length > 0 && (named || resource.deleteBeforeReplace === true),
    detailedDiff: detailed(differences),
  };
}

/** The outputs that the system had filled in: an update keeps those that the program does not give. */
function filledIn(properties: Properties, outputs: PropertyMap): PropertyMap {
  return Object.fromEntries(
    Object.entries(outputs).filter(([key]) => properties[key]?.computed || properties[key]?.output),
  );
}

/** A provider's own configuration comes as text; what is no text there is JSON. Keys of the engine are left out. */
function parseConfig(properties: Properties, config: PropertyMap): PropertyMap {
  const parsed: PropertyMap = {};
  for (const [key, value] of Object.entries(config)) {
    if (["version", "pluginDownloadURL"].includes(key) || key.startsWith("__")) continue;
    const isText = properties[key]?.type === "string";
    try {
      parsed[key] = typeof value === "string" && properties[key] && !isText ? JSON.parse(value) : value;
    } catch {
      parsed[key] = value;
    }
    if (parsed[key] === Unknown.value) delete parsed[key];
  }
  return parsed;
}
