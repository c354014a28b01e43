import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../types.ts";
import type { User, Users } from "./users.ts";

/** Somebody who may use another one's app. */
interface Collaborator {
  readonly id: string;
  readonly user: User;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** Whose the apps are, and who else may use them. Apps are named by what stays when they are renamed. */
export class Access {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;
  readonly #users: Users;

  constructor(db: DatabaseSync, clock: Clock, users: Users) {
    this.#db = db;
    this.#clock = clock;
    this.#users = users;
  }

  /** An app that somebody wrote into `stacks/` by hand belongs to the first admin. */
  owner(app: string): User {
    const row = this.#db.prepare("SELECT account FROM app_owner WHERE app = ?").get(app);
    return (row && this.#users.get(String(row.account))) ?? this.#users.first();
  }

  /** Gives an app to a user, who is no collaborator of it then. */
  give(app: string, user: string): void {
    this.#db
      .prepare("INSERT INTO app_owner VALUES (?, ?) ON CONFLICT (app) DO UPDATE SET account = excluded.account")
      .run(app, user);
    this.remove(app, user);
  }

  /** Forgets an app that is gone, so that the next one of its name is nobody's. */
  forget(app: string): void {
    this.#db.prepare("DELETE FROM app_owner WHERE app = ?").run(app);
    this.#db.prepare("DELETE FROM collaborator WHERE app = ?").run(app);
  }

  collaborators(app: string): Collaborator[] {
    return this.#db
      .prepare("SELECT id, account, created_at FROM collaborator WHERE app = ? ORDER BY created_at, id")
      .all(app)
      .flatMap(({ id, account, created_at }) => {
        const user = this.#users.get(String(account));
        return user === undefined ? [] : [{ id: String(id), user, createdAt: Number(created_at) }];
      });
  }

  isCollaborator(app: string, user: string): boolean {
    return this.#db.prepare("SELECT 1 FROM collaborator WHERE app = ? AND account = ?").get(app, user) !== undefined;
  }

  /** Adds a collaborator, who may be one already. */
  add(app: string, user: string): Collaborator {
    this.#db
      .prepare("INSERT INTO collaborator VALUES (?, ?, ?, ?) ON CONFLICT (app, account) DO NOTHING")
      .run(randomUUID(), app, user, this.#clock());
    return this.collaborators(app).find((each) => each.user.id === user) as Collaborator;
  }

  remove(app: string, user: string): void {
    this.#db.prepare("DELETE FROM collaborator WHERE app = ? AND account = ?").run(app, user);
  }
}
