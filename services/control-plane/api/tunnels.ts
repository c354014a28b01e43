import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { senderOf } from "../../../lib/sender.ts";
import type { Visitor } from "../tls/visitors.ts";
import type { Gate } from "./gates.ts";
import type { RateLimit } from "./limits/rate-limit.ts";
import type { Accounts } from "./ports.ts";

/** What a client asks for, at `GET /connect`. */
const PROTOCOL = "dynoform-tunnel";
const PATH = "/connect";

/** Connections of an account at a time. */
const MOST = 256;

/** Milliseconds after which a token that was revoked holds none. */
const LOOK_EVERY_MS = 1000;

interface TunnelsOptions {
  readonly accounts: Pick<Accounts, "who">;
  /** Counts those who are not let in. */
  readonly strangers: RateLimit;
  /** Serves a connection as if it had come to the port of this machine. */
  take(socket: Socket, visitor: Visitor): void;
}

interface Open {
  readonly account: string;
  /** Whether its token still holds. */
  holds(): Promise<boolean>;
}

/**
 * What `dynoform connect` opens for each connection to its own port: bytes both ways between that and the port of the API on
 * the platform's machine. It lets somebody reach that port and do nothing there: each request in it has to say whose it is.
 */
export class Tunnels implements Disposable {
  readonly #options: TunnelsOptions;
  readonly #open = new Map<Socket, Open>();
  readonly #looking: NodeJS.Timeout;

  constructor(options: TunnelsOptions) {
    this.#options = options;
    this.#looking = setInterval(() => void this.#look(), LOOK_EVERY_MS).unref();
  }

  /** Answers a request for another protocol, and ends its connection unless it is that one. */
  async accept(request: IncomingMessage, socket: Socket, head: Buffer, gate: Gate): Promise<void> {
    const { url, method, headers } = request;
    if (
      !gate.hasApi ||
      url !== PATH ||
      method !== "GET" ||
      headers.upgrade !== PROTOCOL ||
      !gate.guard.admits(headers)
    ) {
      return refuse(socket, "400 Bad Request", "bad_request", "No other protocol is spoken here.");
    }
    const sender = senderOf(request);
    const holds = async () => (await this.#options.accounts.who(headers.authorization, sender))?.id;
    const account = await holds();
    if (account === undefined) {
      this.#options.strangers.take(sender.address);
      return refuse(socket, "401 Unauthorized", "unauthorized", "Invalid credentials provided.");
    }
    if ([...this.#open.values()].filter((each) => each.account === account).length >= MOST) {
      return refuse(socket, "429 Too Many Requests", "rate_limit", `An account has ${MOST} connections at most.`);
    }
    if (socket.destroyed) return;
    this.#open.set(socket, { account, holds: async () => (await holds()) === account });
    socket.once("close", () => this.#open.delete(socket));
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${PROTOCOL}\r\n\r\n`);
    if (head.length > 0) socket.unshift(head);
    this.#options.take(socket, { address: sender.address, account });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#looking);
    for (const socket of this.#open.keys()) socket.destroy();
  }

  /** Ends those whose token was revoked or has expired. */
  async #look(): Promise<void> {
    for (const [socket, open] of this.#open) if (!(await open.holds())) socket.destroy();
  }
}

/** As an error of the API. */
export function refuse(socket: Socket, status: string, id: string, message: string): void {
  const body = JSON.stringify({ id, message });
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`);
}
