import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { FramedTerminal } from "./framed-terminal.ts";
import { PROTOCOL } from "./framing.ts";
import type { OneOffDynos } from "./one-off-dynos.ts";

/** Connects clients that ask by an HTTP `Upgrade` to the one-off dynos that wait for them. */
export function attachByUpgrade(dynos: OneOffDynos) {
  return (secret: string, request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (request.headers.upgrade !== PROTOCOL || !dynos.awaits(secret)) {
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
      return;
    }
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${PROTOCOL}\r\n\r\n`);
    if (socket instanceof Socket) socket.setNoDelay(true);
    if (head.length > 0) socket.unshift(head);
    void dynos.attach(secret, new FramedTerminal(socket));
  };
}
