import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../types.ts";
import type { Server } from "./server.ts";
import { TransferStore } from "./transfer-store.ts";
import { Transfers } from "./transfers.ts";

interface DatabasesOptions {
  readonly server: Server;
  readonly db: DatabaseSync;
  /** Where this machine reaches Postgres. */
  readonly port: number;
  /** Where backups lie. */
  readonly folder: string;
  /** How many of a database are kept. */
  readonly keep: number;
  readonly clock: Clock;
  report(problem: string): void;
}

/** What a URL of a database says. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly host: string;
  readonly port: number;
}

/** The databases of a platform's apps. */
export class Databases implements AsyncDisposable {
  readonly server: Server;
  readonly transfers: Transfers;
  readonly #store: TransferStore;
  readonly #port: number;

  constructor({ server, db, port, folder, keep, clock, report }: DatabasesOptions) {
    this.#store = new TransferStore(db, clock);
    this.#port = port;
    this.server = server;
    this.transfers = new Transfers({ store: this.#store, server, folder, keep, clock, report });
  }

  /**
   * What dynos reach a database by, as this machine does. Never `localhost`: the official command line takes such a
   * database for one on the user's own server, which `pg:push` has to make.
   *
   * @param port where the client reaches Postgres, if not where this machine does
   */
  clientUrl(url: string, port = this.#port): string {
    const { user, password, database, host } = this.credentials(url);
    return `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
  }

  credentials(url: string, port = this.#port): Credentials {
    const { username, password, pathname } = new URL(url);
    return {
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: decodeURIComponent(pathname.slice(1)),
      host: "127.0.0.1",
      port,
    };
  }

  /** Remembers whose a database is: clients name databases by their URLs. */
  know(database: string, app: string, addon: string): void {
    this.#store.know(database, app, addon);
  }

  owner(database: string): { readonly app: string; readonly addon: string } | undefined {
    return this.#store.owner(database);
  }

  /** Removes what is kept of an app that is no more. @param app its id */
  async forget(app: string): Promise<void> {
    this.#store.forget(app);
    await this.transfers.forget(app);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.transfers[Symbol.asyncDispose]();
  }
}
