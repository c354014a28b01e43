import grpc from "@grpc/grpc-js";

/** Messages are as large as Pulumi's own engine and SDKs allow: 400 MiB. */
export const channelOptions = {
  "grpc.max_receive_message_length": 400 * 1024 * 1024,
  "grpc.max_send_message_length": 400 * 1024 * 1024,
  // Seconds that a call may wait before it is begun; the default of 30 cancels calls of a busy program.
  "grpc.server_max_unrequested_time_in_server": 30 * 60,
};

/** Listens on a free port of the loopback address; resolves to the port. */
export function listen(server: grpc.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(port);
    });
  });
}
