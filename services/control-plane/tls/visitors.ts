import type { Duplex } from "node:stream";
import { comesFrom } from "../../../lib/sender.ts";

/** Somebody with an account who is connected to this port from anywhere. */
export interface Visitor {
  /** An IP address. */
  readonly address: string;
  /** The account's id. */
  readonly account: string;
}

const VISITORS = new WeakMap<Duplex, Visitor>();

/** Notes whose connection this is. */
export function visits(socket: Duplex, visitor: Visitor): void {
  VISITORS.set(socket, visitor);
  comesFrom(socket, visitor.address);
}

/** Whose connection this is; undefined: that of a process on this machine. */
export function visitorOf(socket: Duplex): Visitor | undefined {
  return VISITORS.get(socket);
}
