import { DatabaseSync } from "node:sqlite";

/**
 * Opens the control plane's memory: what is neither declared nor to be read from Docker. An empty one is no error.
 *
 * @param path of the SQLite file, or `:memory:`
 */
export function openStore(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5000 });
  // A crash of the machine may cost the last moments, never the file.
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
  db.exec("CREATE TABLE IF NOT EXISTS migration (part TEXT PRIMARY KEY, steps INTEGER NOT NULL) STRICT");
  return db;
}

/**
 * Brings the tables of one part of the control plane to their newest form.
 *
 * @param part whose tables they are, e.g. `hours`
 * @param steps SQL, oldest first; a step that was released is never changed
 */
export function migrate(db: DatabaseSync, part: string, steps: readonly string[]): void {
  const row = db.prepare("SELECT steps FROM migration WHERE part = ?").get(part);
  for (let done = Number(row?.steps ?? 0); done < steps.length; done++) {
    db.exec("BEGIN IMMEDIATE");
    try {
      db.exec(steps[done] as string);
      db.prepare("INSERT INTO migration VALUES (?, ?) ON CONFLICT (part) DO UPDATE SET steps = excluded.steps").run(
        part,
        done + 1,
      );
      db.exec("COMMIT");
    } catch (error) {
      db.exec("ROLLBACK");
      throw error;
    }
  }
}
