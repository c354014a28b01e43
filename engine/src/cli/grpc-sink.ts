/** Events to the server that an Automation API program listens with; apart, since gRPC takes a moment to load. */
import { createRequire } from "node:module";
import * as grpc from "@grpc/grpc-js";
import type { EventsClient as Client } from "@pulumi/pulumi/proto/events_grpc_pb.js";
import type { EventRequest as Request } from "@pulumi/pulumi/proto/events_pb.js";

const require = createRequire(import.meta.url);
const { EventsClient } = require("@pulumi/pulumi/proto/events_grpc_pb.js") as { EventsClient: typeof Client };
const { EventRequest } = require("@pulumi/pulumi/proto/events_pb.js") as { EventRequest: typeof Request };

/** Resource states can be large: the SDK's own limit for messages. */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

/** @param address HOST:PORT */
export function grpcSink(address: string): EventSink {
  const client = new EventsClient(address, grpc.credentials.createInsecure(), {
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  });
  let finish: () => void = () => undefined;
  // A listener that went away does not make the deployment fail.
  const finished = new Promise<void>((done) => {
    finish = done;
  });
  const stream = client.streamEvents(() => finish());
  stream.on("error", () => finish());
  return {
    write(event) {
      const request = new EventRequest();
      request.setEvent(event);
      stream.write(request);
    },
    async close() {
      stream.end();
      await finished;
      client.close();
    },
  };
}

/** Takes JSON lines; `close` resolves when all of them have arrived. */
export interface EventSink {
  write(event: string): void;
  close(): Promise<void>;
}
