import grpc from "@grpc/grpc-js";
import callbackGrpc from "@pulumi/pulumi/proto/callback_grpc_pb.js";
import callbackProto from "@pulumi/pulumi/proto/callback_pb.js";
import resourceProto from "@pulumi/pulumi/proto/resource_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { channelOptions } from "../plugin/channel.ts";
import { containsSecrets, containsUnknowns, flatten } from "../values/secrets.ts";
import { Output, type PropertyMap } from "../values/values.ts";
import { decodeProperties, encodeProperties } from "../values/wire.ts";
import type { Registration } from "./request.ts";
import { readOptions, writeOptions } from "./transform-options.ts";

type Callback = callbackProto.Callback;

/**
 * Changes that programs make to resources and function calls before the engine sees them: a resource's own
 * first, then those of its ancestors, the nearest first, then those for all.
 */
export class Transforms {
  readonly #forAll: Callback[] = [];
  readonly #forInvokes: Callback[] = [];
  readonly #registered = new Map<string, { readonly parent: string | undefined; readonly own: readonly Callback[] }>();
  readonly #clients = new Map<string, callbackGrpc.CallbacksClient>();

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
      const answer = await this.#call(callback, request.serializeBinary());
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

  close(): void {
    for (const client of this.#clients.values()) client.close();
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
    const answer = await this.#call(callback, request.serializeBinary());
    const response = resourceProto.TransformResponse.deserializeBinary(answer);
    const options = response.getOptions();
    return {
      ...registration,
      ...(options && readOptions(options)),
      properties: decodeProperties(response.getProperties()),
    };
  }

  async #call(callback: Callback, bytes: Uint8Array): Promise<Uint8Array> {
    const target = callback.getTarget();
    const known = this.#clients.get(target);
    const client = known ?? new callbackGrpc.CallbacksClient(target, grpc.credentials.createInsecure(), channelOptions);
    this.#clients.set(target, client);
    const request = new callbackProto.CallbackInvokeRequest().setToken(callback.getToken()).setRequest(bytes);
    return new Promise((resolve, reject) => {
      client.invoke(request, (error, response) => {
        if (error) reject(new Error(error.details));
        else resolve(response.getResponse_asU8());
      });
    });
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
