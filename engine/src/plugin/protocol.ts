import grpc from "@grpc/grpc-js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import anyProto from "google-protobuf/google/protobuf/any_pb.js";
import { decodeProperties, encodeProperties } from "../values/wire.ts";
import { type DetailedDiff, type DiffKind, InitError } from "./contract.ts";

/** Both sides of Pulumi's provider protocol need these. */

const Kind = providerProto.PropertyDiff.Kind;

const kinds: Record<DiffKind, providerProto.PropertyDiff.Kind> = {
  add: Kind.ADD,
  "add-replace": Kind.ADD_REPLACE,
  delete: Kind.DELETE,
  "delete-replace": Kind.DELETE_REPLACE,
  update: Kind.UPDATE,
  "update-replace": Kind.UPDATE_REPLACE,
};

export function encodeDetailedDiff(diff: DetailedDiff, response: providerProto.DiffResponse): void {
  response.setHasdetaileddiff(true);
  for (const [path, { kind, inputDiff }] of Object.entries(diff)) {
    response
      .getDetaileddiffMap()
      .set(path, new providerProto.PropertyDiff().setKind(kinds[kind]).setInputdiff(inputDiff));
  }
}

export function decodeDetailedDiff(response: providerProto.DiffResponse): DetailedDiff | undefined {
  if (!response.getHasdetaileddiff()) return undefined;
  const names = Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [kind, name as DiffKind]));
  const diff: DetailedDiff = {};
  response.getDetaileddiffMap().forEach((value, path) => {
    diff[path] = { kind: names[value.getKind()] ?? "update", inputDiff: value.getInputdiff() };
  });
  return diff;
}

const initFailed = "pulumirpc.ErrorResourceInitFailed";
const detailsKey = "grpc-status-details-bin";

/** An error as gRPC carries it; one for a resource that was made but is not well has it in its details. */
export function encodeError(error: unknown): Partial<grpc.StatusObject> {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof InitError)) return { code: grpc.status.UNKNOWN, details: message };
  const options = { secrets: true, resources: true };
  const detail = new providerProto.ErrorResourceInitFailed()
    .setId(error.id)
    .setProperties(encodeProperties(error.outputs, options))
    .setReasonsList([...error.reasons]);
  if (error.inputs) detail.setInputs(encodeProperties(error.inputs, options));
  const any = new anyProto.Any();
  any.pack(detail.serializeBinary(), initFailed);
  const status = new statusProto.Status().setCode(grpc.status.UNKNOWN).setMessage(message).setDetailsList([any]);
  const metadata = new grpc.Metadata();
  metadata.set(detailsKey, Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}

/** The error that a plugin's answer stands for. */
export function decodeError(error: grpc.ServiceError): Error {
  const [details] = error.metadata.get(detailsKey);
  if (Buffer.isBuffer(details)) {
    for (const any of statusProto.Status.deserializeBinary(details).getDetailsList()) {
      const found = any.unpack(providerProto.ErrorResourceInitFailed.deserializeBinary, initFailed);
      if (!found) continue;
      const inputs = found.getInputs();
      return new InitError(
        found.getId(),
        decodeProperties(found.getProperties()),
        found.getReasonsList(),
        inputs && decodeProperties(inputs),
      );
    }
  }
  return new Error(error.details || error.message);
}
