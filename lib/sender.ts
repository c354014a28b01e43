import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** Whoever sends a request. */
export interface Sender {
  /** An IP address. */
  readonly address: string;
  /** Whether it came from anywhere, by the router, and not to a port of this machine. */
  readonly remote: boolean;
}

const REMOTE = new WeakMap<Duplex, string>();

/** Notes who is at the other end of a connection that came through somebody else. */
export function comesFrom(socket: Duplex, address: string): void {
  REMOTE.set(socket, address);
}

/**
 * Who sent a request. The router comes through a Unix socket, which nobody else can open, and says whose request it passes
 * on: the last address is its own word, and what stands before it the client's.
 */
export function senderOf({ socket, headers }: Pick<IncomingMessage, "socket" | "headers">): Sender {
  const address = REMOTE.get(socket);
  if (address !== undefined) return { address, remote: true };
  if (socket.remoteAddress !== undefined) return { address: socket.remoteAddress, remote: false };
  const said =
    String(headers["x-forwarded-for"] ?? "")
      .split(",")
      .at(-1) ?? "";
  return { address: said.trim(), remote: true };
}
