import type { DatabaseSync } from "node:sqlite";
import { migrate } from "../store.ts";

/** Makes the tables of the logs. */
export function prepareTables(db: DatabaseSync): void {
  migrate(db, "logs", [
    `-- Lines that were written together, so that no line is a row: those of line n have the id first + n.
     CREATE TABLE log_chunk (
       id INTEGER PRIMARY KEY,
       app TEXT NOT NULL,
       first INTEGER NOT NULL,
       lines INTEGER NOT NULL,
       records BLOB NOT NULL
     ) STRICT;
     CREATE INDEX log_chunk_of_app ON log_chunk (app, first);
     -- How far a container's output, or the router's file, was read.
     CREATE TABLE log_position (
       origin TEXT PRIMARY KEY,
       position TEXT NOT NULL
     ) STRICT;
     CREATE TABLE log_drain (
       id TEXT PRIMARY KEY,
       app TEXT NOT NULL,
       url TEXT NOT NULL,
       token TEXT NOT NULL UNIQUE,
       created INTEGER NOT NULL,
       -- The id of the last line that it took.
       sent INTEGER NOT NULL,
       UNIQUE (app, url)
     ) STRICT;`,
  ]);
}
