import type callbackProto from "@pulumi/pulumi/proto/callback_pb.js";
import type resourceProto from "@pulumi/pulumi/proto/resource_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import type { Registration } from "./request.ts";

export class Transforms {
  constructor(_deployment: unknown) {}

  async addForAll(_c: callbackProto.Callback) {
    return new emptyProto.Empty();
  }
  async addForInvokes(_c: callbackProto.Callback) {
    return new emptyProto.Empty();
  }
  async apply(r: Registration, _own: readonly callbackProto.Callback[]): Promise<Registration> {
    return r;
  }
  async applyToInvoke(r: resourceProto.ResourceInvokeRequest) {
    return r;
  }
}
