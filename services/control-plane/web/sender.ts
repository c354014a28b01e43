import type { IncomingMessage } from "node:http";

/** The browser's IP address: the router, which comes through a Unix socket, says whose request it passes on. */
export function sender({ socket, headers }: IncomingMessage): string {
  if (socket.remoteAddress !== undefined) return socket.remoteAddress;
  // The last one is the router's own word; what stands before it is the browser's.
  return (
    String(headers["x-forwarded-for"] ?? "")
      .split(",")
      .at(-1)
      ?.trim() ?? ""
  );
}
