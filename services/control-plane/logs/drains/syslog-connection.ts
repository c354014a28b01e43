import { once } from "node:events";
import * as net from "node:net";
import * as tls from "node:tls";
import { checkReach, lookupWithin } from "./reach.ts";
import type { Delivery, Transport, TransportOptions } from "./transport.ts";

/** Milliseconds until a connection must be there, or a batch taken. */
const TIMEOUT_MS = 10_000;

/** Writes octet-counted messages to a syslog server over TCP, with `syslog+tls:` over TLS. */
export class SyslogTransport implements Transport {
  readonly framing = "syslog";
  readonly #url: URL;
  readonly #options: TransportOptions;
  #socket: net.Socket | undefined;

  constructor(url: URL, options: TransportOptions) {
    this.#url = url;
    this.#options = options;
  }

  prepare(messages: readonly Buffer[]): Delivery {
    const data = Buffer.concat(messages);
    return async (stop) => {
      const signal = AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]);
      const socket = this.#socket ?? (await this.#connect(signal));
      try {
        await write(socket, data, signal);
      } catch (error) {
        // Nobody knows how much of it arrived.
        socket.destroy();
        throw error;
      }
    };
  }

  close(): void {
    this.#socket?.destroy();
  }

  async #connect(signal: AbortSignal): Promise<net.Socket> {
    const { protocol, hostname, port } = this.#url;
    const host = hostname.replace(/^\[|\]$/g, "");
    const { ca, reach } = this.#options;
    checkReach(reach, host);
    const way = { host, ...(reach && { lookup: lookupWithin(reach) }) };
    const secure = protocol === "syslog+tls:";
    const socket = secure
      ? tls.connect({
          ...way,
          port: Number(port || 6514),
          ca,
          servername: net.isIP(host) === 0 ? host : undefined,
        })
      : net.connect({ ...way, port: Number(port || 514) });
    try {
      await once(socket, secure ? "secureConnect" : "connect", { signal });
    } catch (error) {
      socket.destroy();
      throw error;
    }
    this.#socket = socket;
    socket.setKeepAlive(true, 30_000);
    socket.resume();
    const gone = () => {
      if (this.#socket === socket) this.#socket = undefined;
      socket.destroy();
    };
    socket.on("error", gone).on("end", gone).on("close", gone);
    return socket;
  }
}

function write(socket: net.Socket, data: Buffer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = () => reject(signal.reason);
    signal.addEventListener("abort", give, { once: true });
    socket.write(data, (error) => {
      signal.removeEventListener("abort", give);
      if (error) reject(error);
      else resolve();
    });
  });
}
