import grpc from "@grpc/grpc-js";
import { messageOf, Stopped } from "./errors.ts";

/** A unary method from an async function. Stopped becomes UNAVAILABLE, on which SDKs leave quietly. */
export function handler<Request, Response>(
  method: (request: Request) => Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    method(call.request).then(
      (response) => callback(null, response),
      (error) => callback(statusOf(error)),
    );
  };
}

/** A method that this engine has not. */
export function notImplemented<Request, Response>(what: string): grpc.handleUnaryCall<Request, Response> {
  return (_call, callback) =>
    callback({ code: grpc.status.UNIMPLEMENTED, details: `${what} are not supported by this engine` });
}

function statusOf(error: unknown): Partial<grpc.StatusObject> {
  const code = error instanceof Stopped ? grpc.status.UNAVAILABLE : grpc.status.UNKNOWN;
  return { code, details: messageOf(error) };
}
