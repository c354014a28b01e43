import { connect, type Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import { refusal, startupOf } from "./startup.ts";

/** Milliseconds until a client has said which database it wants. */
const SILENCE_MS = 30_000;

interface DoorOptions {
  /** Of Postgres. */
  readonly host: string;
  readonly port: number;
  /** Whether an account may use an app that has this database. */
  mayUse(account: string, database: string): Promise<boolean>;
}

/**
 * Lets clients of Postgres in that come from anywhere, each to databases of the apps that its account may use. Who has the
 * password is then Postgres' own matter.
 */
export class DatabaseDoor {
  readonly #options: DoorOptions;

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  /** @param secure what to speak TLS with, if that is wanted */
  open(socket: Socket, account: string, secure: SecureContext | undefined): void {
    const silent = setTimeout(() => socket.destroy(), SILENCE_MS).unref();
    socket.once("close", () => clearTimeout(silent)).on("error", () => socket.destroy());
    let data: Buffer = Buffer.alloc(0);
    const take = (piece: Buffer) => {
      data = Buffer.concat([data, piece]);
      const found = startupOf(data);
      if (found === undefined) return;
      const { startup, length } = found;
      clearTimeout(silent);
      socket.off("data", take).pause();
      const [message, rest] = [data.subarray(0, length), data.subarray(length)];
      if (startup.kind === "tls" && secure !== undefined && rest.length === 0) {
        socket.write("S");
        const inner = new TLSSocket(socket, { isServer: true, secureContext: secure });
        this.open(inner, account, undefined);
      } else if (startup.kind === "gss" && rest.length === 0) {
        socket.write("N");
        this.open(socket, account, secure);
        socket.resume();
      } else if (startup.kind === "cancel") this.#join(socket, message);
      else if (startup.kind !== "session") socket.destroy();
      else if (startup.isReplication) socket.end(refusal("0A000", "databases of this platform are not replicated"));
      else void this.#let(socket, account, startup.database, data);
    };
    socket.on("data", take);
  }

  async #let(socket: Socket, account: string, database: string, data: Buffer): Promise<void> {
    const may = await this.#options.mayUse(account, database).catch(() => false);
    if (may) this.#join(socket, data);
    else socket.end(refusal("3D000", `database "${database}" is none of an app of yours`));
  }

  #join(socket: Socket, data: Buffer): void {
    const { host, port } = this.#options;
    const server = connect({ host, port, noDelay: true }, () => {
      server.write(data);
      server.pipe(socket);
      socket.pipe(server);
    });
    server.on("error", () => socket.destroy()).once("close", () => socket.destroy());
    socket.once("close", () => server.destroy());
  }
}
