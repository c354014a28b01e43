import type grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import semver from "semver";
import { handler, notImplemented } from "./service.ts";
import type { DeploymentEvent } from "./types.ts";

/** The version of Pulumi whose contract this engine follows. */
const pulumiVersion = "3.270.0";

const severities = ["debug", "info", "warning", "error"] as const;

/** Pulumi's Engine service: messages of programs and plugins. */
export function addEngineService(server: grpc.Server, event: (event: DeploymentEvent) => void): void {
  let root = "";
  server.addService(engineGrpc.EngineService, {
    log: handler(async (request: engineProto.LogRequest) => {
      event({
        kind: "diagnostic",
        severity: severities[request.getSeverity()] ?? "info",
        message: request.getMessage(),
        urn: request.getUrn() || undefined,
        streamId: request.getStreamid() || undefined,
        ephemeral: request.getEphemeral() || undefined,
      });
      return new emptyProto.Empty();
    }),
    getRootResource: handler(async () => new engineProto.GetRootResourceResponse().setUrn(root)),
    setRootResource: handler(async (request: engineProto.SetRootResourceRequest) => {
      root = request.getUrn();
      return new engineProto.SetRootResourceResponse();
    }),
    startDebugging: notImplemented("debuggers"),
    requirePulumiVersion: handler(async (request: engineProto.RequirePulumiVersionRequest) => {
      const range = request.getPulumiVersionRange();
      if (!semver.satisfies(pulumiVersion, range)) {
        throw new Error(`the program needs Pulumi ${range}, but this engine speaks version ${pulumiVersion}`);
      }
      return new engineProto.RequirePulumiVersionResponse();
    }),
  });
}
