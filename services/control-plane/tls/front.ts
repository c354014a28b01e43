import type { Server as HttpServer, IncomingMessage } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
  createSecureContext,
  createServer as createTlsServer,
  type SecureContext,
  TLSSocket,
  type Server as TlsServer,
} from "node:tls";
import { beginning } from "./beginning.ts";
import type { Certificates } from "./certificates.ts";
import { targetOf, tunnelTo } from "./tunnel.ts";

/** The first byte of a TLS connection: a handshake record. No HTTP method begins with it. */
const HANDSHAKE = 0x16;

/** Milliseconds for which a connection may say nothing at all at first. */
const SILENCE_MS = 30_000;

/** Connections at a time: of all together, and from one address, so that one cannot take them all. */
const CONNECTIONS = { all: 1024, each: 768 };

export interface FrontOptions {
  readonly http: HttpServer;
  /** Undefined: TLS is not spoken. */
  readonly certificates?: Certificates | undefined;
  /** Takes over a connection over TLS whose first line is a secret and no HTTP request, as `heroku run` begins. */
  rendezvous?(secret: string, socket: TLSSocket): void;
  /** @default CONNECTIONS */
  readonly connections?: typeof CONNECTIONS;
}

/**
 * One port for HTTP, HTTPS and rendezvous: `heroku` talks to the API in plain, git and `heroku run` insist on TLS, and
 * all take the same address. The first byte says whether it is TLS; within it, the first line says what it is. It is the
 * HTTP proxy of the `heroku` command besides, and leads nowhere but to our own server: what is to go to another host is
 * served here, as a connection of which `tunnelOf` tells that host.
 */
export class Front implements AsyncDisposable {
  readonly #options: FrontOptions;
  readonly #server: Server;
  readonly #secure: TlsServer | undefined;
  /** What speaks for other hosts. */
  #others: SecureContext | undefined;
  readonly #sockets = new Set<Socket>();
  /** Those that are tunnels already: one leads through no other. */
  readonly #tunnels = new WeakSet<Duplex>();
  /** How many there are from an address. */
  readonly #from = new Map<string, number>();

  constructor(options: FrontOptions) {
    this.#options = options;
    const { http, certificates, connections = CONNECTIONS } = options;
    if (certificates !== undefined) {
      this.#secure = createTlsServer(
        { ...certificates.machine, ALPNProtocols: ["http/1.1"], handshakeTimeout: SILENCE_MS },
        (socket) => this.#greet(socket),
      );
      this.#secure.on("tlsClientError", (_error, socket) => socket.destroy());
      this.#others = createSecureContext(certificates.commandLine);
    }
    http.on("connect", (request, socket, head) => this.#tunnel(request, socket as Socket, head));
    this.#server = createServer({ noDelay: true }, (socket) => {
      if (!this.#admit(socket, connections.each)) {
        socket.destroy();
        return;
      }
      socket.on("error", () => socket.destroy());
      first(socket, (data) => {
        const server = data[0] === HANDSHAKE ? this.#secure : http;
        if (server === undefined) socket.destroy();
        else pass(socket, data, () => server.emit("connection", socket));
      });
    });
    this.#server.maxConnections = connections.all;
  }

  #admit(socket: Socket, most: number): boolean {
    const from = socket.remoteAddress ?? "";
    const count = this.#from.get(from) ?? 0;
    if (count >= most) return false;
    this.#from.set(from, count + 1);
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      const left = (this.#from.get(from) ?? 1) - 1;
      if (left > 0) this.#from.set(from, left);
      else this.#from.delete(from);
    });
    return true;
  }

  /** @param port 0: any that is free */
  async listen(port: number, host: string): Promise<AddressInfo> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    // It never listens itself, and only then begins to watch over how long requests take.
    this.#options.http.emit("listening");
    return this.#server.address() as AddressInfo;
  }

  /** Takes other certificates for connections that come from now on. */
  renew({ machine, commandLine }: Certificates): void {
    this.#secure?.setSecureContext(machine);
    this.#others &&= createSecureContext(commandLine);
  }

  /** Ends every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.http.close();
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #greet(socket: TLSSocket): void {
    const { http, rendezvous } = this.#options;
    const silent = setTimeout(() => socket.destroy(), SILENCE_MS).unref();
    socket.once("close", () => clearTimeout(silent)).on("error", () => socket.destroy());
    let data: Buffer = Buffer.alloc(0);
    const take = (piece: Buffer) => {
      data = Buffer.concat([data, piece]);
      const begins = beginning(data);
      if (begins === undefined) return;
      clearTimeout(silent);
      socket.off("data", take);
      if (begins.kind === "http") pass(socket, data, () => http.emit("connection", socket));
      else if (rendezvous === undefined) socket.destroy();
      else pass(socket, begins.rest, () => rendezvous(begins.secret, socket));
    };
    socket.on("data", take);
  }

  /** Takes `CONNECT HOST:PORT`. Whatever the port is, what follows stays on this very connection and is served here. */
  #tunnel(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const host = targetOf(request.url ?? "");
    if (host === undefined || this.#tunnels.has(socket) || socket instanceof TLSSocket) {
      socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    this.#tunnels.add(socket);
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    if (head.length > 0) socket.unshift(head);
    const { http } = this.#options;
    const own = host === "127.0.0.1" || host === "localhost";
    first(socket, (data) => {
      const secure = data[0] === HANDSHAKE;
      if (!secure && !own) tunnelTo(socket, host);
      if (!secure) pass(socket, data, () => http.emit("connection", socket));
      else if (own && this.#secure !== undefined) pass(socket, data, () => this.#secure?.emit("connection", socket));
      else if (this.#others !== undefined) this.#unwrap(socket, data, host, this.#others);
      else socket.destroy();
    });
  }

  /** Speaks TLS for another host. */
  #unwrap(socket: Socket, data: Buffer, host: string, secureContext: SecureContext): void {
    pass(socket, data, () => {
      const inner = new TLSSocket(socket, { isServer: true, secureContext });
      inner.on("error", () => inner.destroy());
      tunnelTo(inner, host);
      first(inner, (request) => pass(inner, request, () => this.#options.http.emit("connection", inner)));
    });
  }
}

/** Waits for what a connection says first, for a while. */
function first(socket: Socket, take: (data: Buffer) => void): void {
  const silent = setTimeout(() => socket.destroy(), SILENCE_MS).unref();
  socket.once("close", () => clearTimeout(silent));
  socket.once("data", (data: Buffer) => {
    clearTimeout(silent);
    take(data);
  });
}

/** Hands a connection on to somebody who reads its beginning too. */
function pass(socket: Socket, data: Buffer, take: () => void): void {
  socket.pause();
  if (data.length > 0) socket.unshift(data);
  take();
  process.nextTick(() => socket.resume());
}
