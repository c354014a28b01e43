import { POSTGRES_PLANS } from "../../../../model/app/postgres-plans.ts";
import { variableOf } from "../../postgres/catalogue.ts";
import { planTitle } from "../../postgres/plans.ts";
import type { DatabaseStatus } from "../../postgres/server.ts";
import { AddonDesk, type Database } from "../addons/access.ts";
import type { Answer, Call } from "../call.ts";
import type { Desk } from "../desk.ts";
import { ApiError, invalid, notFound } from "../errors.ts";
import type { Route } from "../routes.ts";
import { readExtensions, runTransfer } from "./backups.ts";

/** What Heroku's clients ask of its data host, which for them is this server too. */
export function postgresRoutes(desk: Desk): Route[] {
  const addons = new AddonDesk(desk);
  return [
    ["GET", "/client/v11/databases/:database", (call) => info(addons, call)],
    ["GET", "/client/v11/databases/:database/wait_status", (call) => waitStatus(addons, call)],
    ["PUT", "/client/v11/databases/:database/reset", (call) => reset(addons, call)],
    ["POST", "/client/v11/databases/:database/connection_reset", (call) => disconnect(addons, call)],
    ["GET", "/postgres/v0/databases/:database/credentials", (call) => credentials(addons, call)],
    ["GET", "/postgres/v0/databases/:database/credentials/:name", (call) => credential(addons, call)],
    ["POST", "/postgres/v0/databases/:database/credentials_rotation", (call) => rotate(addons, call)],
    ["POST", "/postgres/v0/databases/:database/credentials/:name/credentials_rotation", (call) => rotate(addons, call)],
    ...absent(addons),
  ];
}

async function info(addons: AddonDesk, call: Call): Promise<Answer> {
  const database = await addons.database(call, "see");
  const { addon, credentials, url } = database;
  const status = await addons.desk.ports.databases.server.status(credentials.database);
  if (status === undefined) throw notFound("database", "that database: it is not up yet");
  const lines: Record<string, string> = {
    Plan: planTitle(addon.plan),
    Status: "Available",
    Connections: `${status.connections}/${POSTGRES_PLANS[addon.plan].connections}`,
    "PG Version": status.version,
    Created: new Date(addon.app.createdAt).toISOString().replace("T", " ").slice(0, 16),
    "Data Size": sizeOf(status.size),
    Collation: collationOf(status, credentials.database),
    "Fork/Follow": "Unsupported",
    Rollback: "Unsupported",
    "Continuous Protection": "Off",
  };
  return {
    body: {
      addon_id: addons.addonId(addon),
      name: addon.name,
      plan: addon.plan,
      formation: { id: addons.addonId(addon), primary: null },
      created_at: new Date(addon.app.createdAt).toISOString(),
      database_name: credentials.database,
      database_user: credentials.user,
      database_password: credentials.password,
      resource_url: url,
      num_bytes: status.size,
      num_connections: status.connections,
      postgres_version: status.version,
      following: null,
      forked_from: null,
      info: Object.entries(lines).map(([name, value]) => ({ name, values: [value] })),
    },
  };
}

async function waitStatus(addons: AddonDesk, call: Call): Promise<Answer> {
  const { credentials } = await addons.database(call, "see");
  const status = await addons.desk.ports.databases.server.status(credentials.database);
  if (status === undefined) throw notFound("database", "that database: it is not up yet");
  return { body: { "waiting?": false, message: "available" } };
}

async function reset(addons: AddonDesk, call: Call): Promise<Answer> {
  const { addon, credentials, name } = await addons.database(call, "use");
  const extensions = readExtensions(call);
  const transfer = await runTransfer(addons.desk, call, addon.app, `Reset ${addon.name}`, {
    app: addon.app.id,
    kind: "reset",
    addon: addon.id,
    from: "",
    to: name,
    database: credentials.database,
    source: null,
    extensions,
  });
  const { state, message } = await transfer.ended;
  if (state !== "succeeded") throw new ApiError(422, "invalid_params", `${addon.name} was not reset: ${message}`);
  return { body: { message: "Reset successful." } };
}

async function disconnect(addons: AddonDesk, call: Call): Promise<Answer> {
  const { addon, credentials } = await addons.database(call, "use");
  await addons.desk.act(call, addon.app, `End all connections to ${addon.name}`, () =>
    addons.desk.ports.databases.server.disconnect(credentials.database),
  );
  addons.desk.say(addon.app, `End all connections to ${addon.name} by user ${call.caller.email}`);
  return { body: {} };
}

async function credentials(addons: AddonDesk, call: Call): Promise<Answer> {
  return { body: [showCredential(addons, await addons.database(call, "see"))] };
}

async function credential(addons: AddonDesk, call: Call): Promise<Answer> {
  const database = await addons.database(call, "see");
  if (call.params.name !== "default") throw notFound("credential");
  return { body: showCredential(addons, database) };
}

function showCredential(addons: AddonDesk, { addon, credentials }: Database) {
  const { user, password, database, host, port } = credentials;
  return {
    uuid: addons.desk.id("credential", addon.app.id, addon.id),
    name: "default",
    state: "active",
    database,
    host,
    port,
    credentials: [{ user, password, state: "active" }],
  };
}

/** Every app that has the database gets new credentials of its own; what is connected with the old ones goes on. */
async function rotate(addons: AddonDesk, call: Call): Promise<Answer> {
  const { addon, credentials } = await addons.database(call, "use");
  const { name = "default" } = call.params;
  if (name !== "default") throw notFound("credential");
  const foreign = (await addons.all()).attachments.filter(
    (each) => addons.addonId(each.addon) === addons.addonId(addon) && each.app.id !== addon.app.id,
  );
  const places = [{ app: addon.app, attachment: addon.attachment }].concat(
    foreign.map((each) => ({ app: each.app, attachment: each.name })),
  );
  await Promise.all(
    places.map(({ app, attachment }) =>
      addons.desk.change(call, app, `Rotate ${variableOf(attachment)} credentials`, (file) => {
        const present = file.addons[attachment];
        if (present === undefined) throw notFound("add_on", "that add-on");
        file.addon(attachment, { ...present, generation: (present.generation ?? 1) + 1 });
      }),
    ),
  );
  if (call.body.forced === true) await addons.desk.ports.databases.server.disconnect(credentials.database);
  return { body: {} };
}

/** What Heroku has and this platform does not: a line that says so. */
function absent(addons: AddonDesk): Route[] {
  const say = (line: string) => async (call: Call) => {
    if (call.params.database !== undefined) await addons.addon(call, call.params.database);
    throw invalid("database", line);
  };
  const schedules = "/client/v11/databases/:database/transfer-schedules";
  const none = say("Databases of this platform have the default credential only.");
  const upgrade = say("Databases of this platform are upgraded with the platform itself.");
  const follow = say("Databases of this platform have no followers.");
  const settings = say("Databases of this platform have no settings. Use SQL: ALTER DATABASE, ALTER ROLE.");
  const diagnose = say("There is no pg:diagnose on this platform. Try pg:info, pg:ps or pg:locks.");
  return [
    ["GET", schedules, async (call) => ({ body: (await addons.addon(call, call.params.database ?? "")) && [] })],
    ["POST", schedules, say("There are no schedules of backups. Let cron say: heroku pg:backups:capture -a APP")],
    ["POST", "/postgres/v0/databases/:database/credentials", none],
    ["DELETE", "/postgres/v0/databases/:database/credentials/:name", none],
    ["POST", "/postgres/v0/databases/:database/repair-default", none],
    ["GET", "/postgres/v0/databases/:database/config", settings],
    ["PATCH", "/postgres/v0/databases/:database/config", settings],
    ["GET", "/client/v11/databases/:database/upgrade_status", upgrade],
    ["POST", "/client/v11/databases/:database/upgrade", upgrade],
    ["PUT", "/client/v11/databases/:database/unfollow", follow],
    ["GET", "/client/v11/databases/:database/links", async () => ({ body: [] })],
    ["POST", "/client/v11/databases/:database/links", say("Databases of this platform cannot be linked.")],
    ["POST", "/reports", diagnose],
    ["GET", "/reports/:report", diagnose],
  ];
}

/** With what is to be known of it: databases of earlier platforms sort otherwise, and those of earlier images may have to. */
function collationOf({ collation, outdated }: DatabaseStatus, database: string): string {
  if (outdated) {
    const mend = `REINDEX DATABASE ${database}; ALTER DATABASE ${database} REFRESH COLLATION VERSION`;
    return `${collation}, of an older C library: indexes may be out of order. Say: ${mend}`;
  }
  return /^C(\.|$)/.test(collation) ? `${collation}, by code point (new databases: en_US.UTF-8)` : collation;
}

/** As Heroku shows it: `8.1 MB`. */
function sizeOf(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
