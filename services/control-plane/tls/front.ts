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
import { first, pass, SILENCE_MS, secured } from "./connection.ts";
import { targetOf, tunnelTo } from "./tunnel.ts";
import { type Visitor, visitorOf, visits } from "./visitors.ts";

/** The first byte of a TLS connection: a handshake record. No HTTP method begins with it. */
const HANDSHAKE = 0x16;

/** The first byte of what a client of Postgres says: the length of a message that is not long. */
const POSTGRES = 0x00;

/** Connections at a time: of all together, and from one address, so that one cannot take them all. */
const CONNECTIONS = { all: 1024, each: 768 };

export interface FrontOptions {
  readonly http: HttpServer;
  /** Undefined: TLS is not spoken. */
  readonly certificates?: Certificates | undefined;
  /** Takes over a connection over TLS whose first line is a secret and no HTTP request, as `heroku run` begins. */
  rendezvous?(secret: string, socket: TLSSocket): void;
  /** Takes over a connection of a client of Postgres, from whoever came from anywhere; `secure`: what to speak TLS with. */
  database?(socket: Socket, visitor: Visitor, secure: SecureContext): void;
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
  /** What speaks for this machine, within connections from anywhere, and for other hosts. */
  #own: SecureContext | undefined;
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
      this.#own = createSecureContext(certificates.machine);
      this.#others = createSecureContext(certificates.commandLine);
    }
    http.on("connect", (request, socket, head) => this.#tunnel(request, socket as Socket, head));
    this.#server = createServer({ noDelay: true }, (socket) => {
      if (!this.#admit(socket, connections.each)) {
        socket.destroy();
        return;
      }
      socket.on("error", () => socket.destroy());
      first(socket, (data) => this.#begin(socket, data));
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

  /** Takes a connection that came from anywhere, as if it had come to this port. */
  take(socket: Socket, visitor: Visitor): void {
    visits(socket, visitor);
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket)).on("error", () => socket.destroy());
    first(socket, (data) => this.#begin(socket, data));
  }

  #begin(socket: Socket, data: Buffer): void {
    const { http, database } = this.#options;
    const visitor = visitorOf(socket);
    if (data[0] === HANDSHAKE) this.#handshake(socket, data);
    else if (data[0] !== POSTGRES) pass(socket, data, () => http.emit("connection", socket));
    else if (database === undefined || visitor === undefined || this.#own === undefined) socket.destroy();
    else pass(socket, data, () => database(socket, visitor, this.#own as SecureContext));
  }

  /** Speaks TLS for this machine. */
  #handshake(socket: Socket, data: Buffer): void {
    if (this.#secure === undefined || this.#own === undefined) socket.destroy();
    else if (visitorOf(socket) === undefined) pass(socket, data, () => this.#secure?.emit("connection", socket));
    // A server of TLS would not tell whose connection it is.
    else pass(socket, data, () => this.#greet(secured(socket, this.#own as SecureContext)));
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
    this.#own &&= createSecureContext(machine);
    this.#others &&= createSecureContext(commandLine);
  }

  /** Ends every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.http.close();
    const { listening } = this.#server;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    if (listening) await closed;
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
      else if (own) this.#handshake(socket, data);
      else if (this.#others !== undefined) this.#unwrap(socket, data, host, this.#others);
      else socket.destroy();
    });
  }

  /** Speaks TLS for another host. */
  #unwrap(socket: Socket, data: Buffer, host: string, secureContext: SecureContext): void {
    pass(socket, data, () => {
      const inner = secured(socket, secureContext);
      tunnelTo(inner, host);
      first(inner, (request) => pass(inner, request, () => this.#options.http.emit("connection", inner)));
    });
  }
}
