import grpc from "@grpc/grpc-js";
import { messageOf, Stopped } from "./errors.ts";

/** Messages are as large as Pulumi's own engine and SDKs allow: 400 MiB. */
export const channelOptions = {
  "grpc.max_receive_message_length": 400 * 1024 * 1024,
  "grpc.max_send_message_length": 400 * 1024 * 1024,
  // Seconds that a call may wait before it is begun; the default of 30 cancels calls of a busy program.
  "grpc.server_max_unrequested_time_in_server": 30 * 60,
};

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

/** Listens on a free port of the loopback address. */
export async function listen(server: grpc.Server): Promise<string> {
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return `127.0.0.1:${port}`;
}
