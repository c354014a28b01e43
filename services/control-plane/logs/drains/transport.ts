import type { Reach } from "./reach.ts";
import type { Framing } from "./syslog.ts";

/** One try to hand over a batch; rejects when it was not taken. */
export type Delivery = (signal: AbortSignal) => Promise<void>;

/** A way to a drain. */
export interface Transport {
  readonly framing: Framing;
  /** Makes a batch of messages into something that can be tried again. */
  prepare(messages: readonly Buffer[]): Delivery;
  close(): void;
}

export interface TransportOptions {
  /** Certificates to trust instead of the machine's, as PEM. */
  readonly ca?: string;
  /** Where drains may be. @default anywhere */
  readonly reach?: Reach;
}
