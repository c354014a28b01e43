import grpc from "@grpc/grpc-js";
import callbackGrpc from "@pulumi/pulumi/proto/callback_grpc_pb.js";
import callbackProto from "@pulumi/pulumi/proto/callback_pb.js";
import { channelOptions } from "../plugin/channel.ts";

/** A function of the program's that the engine may call: where it is served, and its name there. */
export type Callback = callbackProto.Callback;

/** Calls the functions that a program serves. */
export class Callbacks {
  readonly #clients = new Map<string, callbackGrpc.CallbacksClient>();

  /** Sends the bytes of a request, and gives those of the answer. */
  async invoke(callback: Callback, bytes: Uint8Array): Promise<Uint8Array> {
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

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }
}
