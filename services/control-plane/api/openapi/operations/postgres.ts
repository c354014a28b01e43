import type { Operations } from "../operation.ts";
import { anything, flag, list, object, orNull, text, uuid, whole } from "../schema.ts";

/** Heroku's data host and its form of times: `2026-01-02 03:04:05 +0000`. */

const credential = object({
  uuid,
  name: text,
  state: text,
  database: text,
  host: text,
  port: whole,
  credentials: list(object({ user: text, password: text, state: text })),
});

const transfer = object({
  uuid,
  num: whole,
  from_name: text,
  from_type: text,
  to_name: text,
  to_type: text,
  created_at: text,
  started_at: orNull(text),
  finished_at: orNull(text),
  canceled_at: orNull(text),
  processed_bytes: orNull(whole),
  source_bytes: orNull(whole),
  succeeded: orNull(flag),
  "logs?": list(object({ created_at: text, message: text })),
});

const DATABASE = "/client/v11/databases/:database";
const CREDENTIALS = "/postgres/v0/databases/:database";
const TRANSFERS = "/client/v11/apps/:app/transfers";
const extensions = anything;
const absent = (what: string) => ({ summary: `Refused: ${what}`, answer: anything });

export const postgres: Operations = {
  [`GET ${DATABASE}`]: {
    summary: "A database, with its credentials",
    answer: object({
      addon_id: uuid,
      name: text,
      plan: text,
      created_at: text,
      database_name: text,
      database_user: text,
      database_password: text,
      resource_url: text,
      num_bytes: whole,
      num_connections: whole,
      postgres_version: text,
      info: list(object({ name: text, values: list(text) })),
    }),
  },
  [`GET ${DATABASE}/wait_status`]: {
    summary: "Whether a database is up",
    answer: { ...object({ message: text }), properties: { "waiting?": flag, message: text } },
  },
  [`PUT ${DATABASE}/reset`]: {
    summary: "Delete all that is in a database",
    body: object({ "extensions?": extensions }),
    example: {},
    answer: object({ message: text }),
  },
  [`POST ${DATABASE}/connection_reset`]: { summary: "End all connections", answer: object({}) },
  [`GET ${CREDENTIALS}/credentials`]: { summary: "A database's credentials", answer: list(credential) },
  [`GET ${CREDENTIALS}/credentials/:name`]: { summary: "One of them: default", answer: credential },
  [`POST ${CREDENTIALS}/credentials_rotation`]: {
    summary: "Give every app with this database new credentials",
    body: object({ "forced?": orNull(flag) }),
    example: { forced: false },
    answer: object({}),
  },
  [`POST ${CREDENTIALS}/credentials/:name/credentials_rotation`]: {
    summary: "The same",
    body: object({ "forced?": orNull(flag) }),
    example: { forced: false },
    answer: object({}),
  },
  [`POST ${DATABASE}/backups`]: { summary: "Back a database up", status: 201, answer: transfer },
  [`POST ${DATABASE}/restores`]: {
    summary: "Restore a backup",
    body: object({ backup_url: text, "extensions?": extensions }),
    example: { backup_url: "dynoform-backup:00000000-0000-0000-0000-000000000000" },
    status: 201,
    answer: transfer,
  },
  [`POST ${DATABASE}/transfers`]: {
    summary: "Copy a database to another one",
    body: object({ from_url: text, to_url: text }),
    example: { from_url: "postgres://a:b@localhost/a", to_url: "postgres://c:d@localhost/c" },
    status: 201,
    answer: transfer,
  },
  [`GET ${TRANSFERS}`]: { summary: "List backups, restores and copies", answer: list(transfer) },
  [`GET ${TRANSFERS}/:transfer`]: {
    summary: "One of them",
    query: { verbose: { type: "string", enum: ["true", "false"] } },
    answer: transfer,
  },
  [`DELETE ${TRANSFERS}/:transfer`]: { summary: "Delete a backup", answer: transfer },
  [`POST ${TRANSFERS}/:transfer/actions/cancel`]: {
    summary: "Cancel what goes on",
    answer: object({ canceled_at: text }),
  },
  [`POST ${TRANSFERS}/:transfer/actions/public-url`]: {
    summary: "A link to a backup, for an hour",
    answer: object({ url: text, expires_at: text }),
  },
  [`GET ${DATABASE}/transfer-schedules`]: { summary: "None", answer: list(anything) },
  [`POST ${DATABASE}/transfer-schedules`]: absent("there are no schedules"),
  [`POST ${CREDENTIALS}/credentials`]: absent("there is the default credential only"),
  [`DELETE ${CREDENTIALS}/credentials/:name`]: absent("there is the default credential only"),
  [`POST ${CREDENTIALS}/repair-default`]: absent("there is the default credential only"),
  [`GET ${CREDENTIALS}/config`]: absent("settings are made by SQL"),
  [`PATCH ${CREDENTIALS}/config`]: absent("settings are made by SQL"),
  [`GET ${DATABASE}/upgrade_status`]: absent("databases are upgraded with the platform"),
  [`POST ${DATABASE}/upgrade`]: absent("databases are upgraded with the platform"),
  [`PUT ${DATABASE}/unfollow`]: absent("there are no followers"),
  [`GET ${DATABASE}/links`]: { summary: "None", answer: list(anything) },
  [`POST ${DATABASE}/links`]: absent("databases cannot be linked"),
  "POST /reports": absent("there is no pg:diagnose"),
  "GET /reports/:report": absent("there is no pg:diagnose"),
};

export const openBackups: Operations = {
  "GET /backups/:backup/:signature": {
    summary: "A backup, for whoever has the link",
    answer: text,
    type: "application/octet-stream",
  },
};
