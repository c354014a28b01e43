import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import { visitorOf, visits } from "./visitors.ts";

/** Milliseconds for which a connection may say nothing at all at first. */
export const SILENCE_MS = 30_000;

/** Speaks TLS, as a server. Whose connection it is stays known. */
export function secured(socket: Socket, secureContext: SecureContext): TLSSocket {
  const inner = new TLSSocket(socket, { isServer: true, secureContext });
  const visitor = visitorOf(socket);
  if (visitor !== undefined) visits(inner, visitor);
  return inner.on("error", () => inner.destroy());
}

/** Waits for what a connection says first, for a while. */
export function first(socket: Socket, take: (data: Buffer) => void): void {
  const silent = setTimeout(() => socket.destroy(), SILENCE_MS).unref();
  socket.once("close", () => clearTimeout(silent));
  socket.once("data", (data: Buffer) => {
    clearTimeout(silent);
    take(data);
  });
}

/** Hands a connection on to somebody who reads its beginning too. */
export function pass(socket: Socket, data: Buffer, take: () => void): void {
  socket.pause();
  if (data.length > 0) socket.unshift(data);
  take();
  process.nextTick(() => socket.resume());
}
