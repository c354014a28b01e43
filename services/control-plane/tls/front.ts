import type { Server as PlainServer } from "node:http";
import type { Server as SecureServer } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** The first byte of a TLS connection: a handshake record. No HTTP method begins with it. */
const HANDSHAKE = 0x16;

/** Milliseconds for which a connection may say nothing at all at first. */
const SILENCE = 30_000;

/** Connections at a time: of all together, and from one address, so that one cannot take them all. */
const CONNECTIONS = { all: 1024, each: 768 };

/**
 * One port for HTTP and HTTPS: `heroku` talks to the API in plain, git and `heroku run` insist on TLS, and both take
 * the same address. The first byte says which it is.
 */
export class Front implements AsyncDisposable {
  readonly #server: Server;
  readonly #servers: readonly (PlainServer | SecureServer)[];
  readonly #sockets = new Set<Socket>();
  /** How many there are from an address. */
  readonly #from = new Map<string, number>();

  /** @param secure undefined: TLS is not spoken */
  constructor(plain: PlainServer, secure: SecureServer | undefined, connections = CONNECTIONS) {
    this.#servers = secure === undefined ? [plain] : [plain, secure];
    this.#server = createServer({ noDelay: true }, (socket) => {
      if (!this.#admit(socket, connections.each)) {
        socket.destroy();
        return;
      }
      socket.on("error", () => socket.destroy());
      const silent = setTimeout(() => socket.destroy(), SILENCE).unref();
      socket.once("close", () => clearTimeout(silent));
      socket.once("data", (data: Buffer) => {
        clearTimeout(silent);
        // It reads the beginning too.
        socket.pause();
        socket.unshift(data);
        const server = data[0] === HANDSHAKE ? secure : plain;
        if (server === undefined) socket.destroy();
        else server.emit("connection", socket);
        process.nextTick(() => socket.resume());
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
    // They never listen themselves, and only then begin to watch over how long requests take.
    for (const server of this.#servers) server.emit("listening");
    return this.#server.address() as AddressInfo;
  }

  /** Ends every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) server.close();
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
