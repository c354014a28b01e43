import type { Duplex } from "node:stream";

/** Which host a connection was to lead to. */
const TARGETS = new WeakMap<Duplex, string>();

/** Notes that whoever sends through this connection means to talk to another host. */
export function tunnelTo(socket: Duplex, host: string): void {
  TARGETS.set(socket, host);
}

/** The host that a connection was to lead to; undefined: to this one. */
export function tunnelOf(socket: Duplex): string | undefined {
  return TARGETS.get(socket);
}

/** The host in `HOST:PORT`, in small letters; undefined: it is none. */
export function targetOf(authority: string): string | undefined {
  return /^([a-z0-9.-]{1,253}):\d{1,5}$/i.exec(authority)?.[1]?.toLowerCase();
}
