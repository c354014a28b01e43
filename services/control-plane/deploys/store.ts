import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { migrate } from "../store.ts";
import type { Clock } from "../types.ts";

/** A commit that was, or is being, deployed. */
export interface Build {
  readonly id: string;
  /** The app's id. */
  readonly app: string;
  /** An e-mail address. */
  readonly user: string;
  /** 40 hexadecimal digits. */
  readonly revision: string;
  /** What whoever sent the source calls it. */
  readonly version: string | null;
  readonly status: "pending" | "succeeded" | "failed";
  /** The release that it made. */
  readonly release: number | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Builds that are kept of an app. */
const KEPT = 50;

/** Characters that are kept of what a build says. */
const LONGEST = 1024 * 1024;

/** What is known of builds: rows, and what each said in a file of its own. */
export class BuildStore {
  readonly #db: DatabaseSync;
  readonly #folder: string;
  readonly #clock: Clock;

  /** @param folder of the files */
  constructor(db: DatabaseSync, folder: string, clock: Clock) {
    this.#db = db;
    this.#folder = folder;
    this.#clock = clock;
    migrate(db, "builds", [
      `CREATE TABLE build (
         id TEXT PRIMARY KEY, app TEXT NOT NULL, user TEXT NOT NULL, revision TEXT NOT NULL, version TEXT,
         status TEXT NOT NULL, release INTEGER, createdAt INTEGER NOT NULL, updatedAt INTEGER NOT NULL
       ) STRICT;
       CREATE INDEX build_of_app ON build (app, createdAt)`,
    ]);
  }

  /** @returns the build, and what takes a line that it says */
  async begin(args: Pick<Build, "app" | "user" | "revision" | "version">) {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const { app, user, revision, version } = args;
    const id = randomUUID();
    const now = this.#clock();
    this.#db
      .prepare("INSERT INTO build VALUES (?, ?, ?, ?, ?, 'pending', NULL, ?, ?)")
      .run(id, app, user, revision, version, now, now);
    await this.#removeOldest(app);
    let length = 0;
    const file = this.file(id);
    appendFileSync(file, "", { mode: 0o600 });
    const say = (line: string) => {
      if (length > LONGEST) return;
      length += line.length + 1;
      appendFileSync(file, length > LONGEST ? " !     The rest is too long to be kept.\n" : `${line}\n`);
    };
    return { id, say };
  }

  end(id: string, status: "succeeded" | "failed", release?: number): void {
    this.#db
      .prepare("UPDATE build SET status = ?, release = ?, updatedAt = ? WHERE id = ?")
      .run(status, release ?? null, this.#clock(), id);
  }

  /** The newest first. */
  list(app: string): Build[] {
    const rows = this.#db.prepare("SELECT * FROM build WHERE app = ? ORDER BY createdAt DESC, rowid DESC").all(app);
    return rows as unknown as Build[];
  }

  get(id: string): Build | undefined {
    return this.#db.prepare("SELECT * FROM build WHERE id = ?").get(id) as Build | undefined;
  }

  pending(): Build[] {
    return this.#db.prepare("SELECT * FROM build WHERE status = 'pending'").all() as unknown as Build[];
  }

  /** All that a build has said so far. */
  async log(id: string): Promise<string> {
    return readFile(this.file(id), "utf8").catch(() => "");
  }

  file(id: string): string {
    return join(this.#folder, id);
  }

  forget(app: string): Promise<void> {
    return this.#removeOldest(app, 0);
  }

  async #removeOldest(app: string, kept = KEPT): Promise<void> {
    for (const { id } of this.list(app).slice(kept)) {
      this.#db.prepare("DELETE FROM build WHERE id = ?").run(id);
      await rm(this.file(id), { force: true });
    }
  }
}
