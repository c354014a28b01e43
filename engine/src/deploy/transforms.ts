import resourceProto from "@pulumi/pulumi/proto/resource_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { containsSecrets, containsUnknowns, flatten } from "../values/secrets.ts";
import { Output, type PropertyMap } from "../values/values.ts";
import { decodeProperties, encodeProperties } from "../values/wire.ts";
import type { Callback, Callbacks } from "./callbacks.ts";
import type { Registration } from "./request.ts";
import { readOptions, writeOptions } from "./transform-options.ts";

/**
 * Changes that programs make to resources and function calls before the engine sees them: a resource's own
 * first, then those of its ancestors, the nearest first, then those for all.
 */
export class Transforms {
  readonly #callbacks: Callbacks;
  readonly #forAll: Callback[] = [];
  readonly #forInvokes: Callback[] = [];
  readonly #registered = new Map<string, { readonly parent: string | undefined; readonly own: readonly Callback[] }>();

  constructor(callbacks: Callbacks) {
    this.#callbacks = callbacks;
  }

  async addForAll(callback: Callback): Promise<emptyProto.Empty> {
    this.#forAll.push(callback);
    return new emptyProto.Empty();
  }

  async addForInvokes(callback: Callback): Promise<emptyProto.Empty> {
    this.#forInvokes.push(callback);
    return new emptyProto.Empty();
  }

  /** The transforms of a resource are its children's too. */
  remember(urn: string, parent: string | undefined, own: readonly Callback[]): void {
    this.#registered.set(urn, { parent, own });
  }

  async apply(registration: Registration, own: readonly Callback[]): Promise<Registration> {
    let result = registration;
    for (const callback of [...own, ...this.#inherited(registration.parent), ...this.#forAll]) {
      result = await this.#transform(callback, result);
    }
    return result;
  }

  async applyToInvoke(call: resourceProto.ResourceInvokeRequest): Promise<resourceProto.ResourceInvokeRequest> {
    for (const callback of this.#forInvokes) {
      const options = new resourceProto.TransformInvokeOptions()
        .setProvider(call.getProvider())
        .setVersion(call.getVersion())
        .setPluginDownloadUrl(call.getPlugindownloadurl());
      const request = new resourceProto.TransformInvokeRequest()
        .setToken(call.getTok())
        .setArgs(call.getArgs())
        .setOptions(options);
      const answer = await this.#callbacks.invoke(callback, request.serializeBinary());
      const response = resourceProto.TransformInvokeResponse.deserializeBinary(answer);
      call.setArgs(response.getArgs());
      const changed = response.getOptions();
      if (changed) {
        call.setProvider(changed.getProvider());
        call.setVersion(changed.getVersion());
        call.setPlugindownloadurl(changed.getPluginDownloadUrl());
      }
    }
    return call;
  }

  #inherited(parent: string | undefined): Callback[] {
    const above = parent ? this.#registered.get(parent) : undefined;
    return above ? [...above.own, ...this.#inherited(above.parent)] : [];
  }

  async #transform(callback: Callback, registration: Registration): Promise<Registration> {
    const request = new resourceProto.TransformRequest()
      .setType(registration.type)
      .setName(registration.name)
      .setCustom(registration.custom)
      .setParent(registration.parent ?? "")
      .setProperties(encodeProperties(asOutputs(registration), { secrets: true, resources: true, outputs: true }))
      .setOptions(writeOptions(registration));
    const answer = await this.#callbacks.invoke(callback, request.serializeBinary());
    const response = resourceProto.TransformResponse.deserializeBinary(answer);
    const options = response.getOptions();
    return {
      ...registration,
      ...(options && readOptions(options)),
      properties: decodeProperties(response.getProperties()),
    };
  }
}

/** Values with what they depend on, as transforms expect them. */
function asOutputs({ properties, propertyDependencies }: Registration): PropertyMap {
  const outputs: PropertyMap = {};
  for (const [key, value] of Object.entries(properties)) {
    const urns = new Set(propertyDependencies[key]);
    const flat = flatten(value, urns);
    const plain = urns.size === 0 && !containsSecrets(flat) && !containsUnknowns(flat);
    outputs[key] = plain ? flat : new Output(flat, containsSecrets(flat), [...urns]);
  }
  return outputs;
}
