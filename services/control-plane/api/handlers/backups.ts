import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { messageOf, UserError } from "../../../../lib/errors.ts";
import type { DeclaredApp } from "../../apps/ports.ts";
import type { NewTransfer, Transfer } from "../../postgres/transfer-store.ts";
import { AddonDesk } from "../addons/access.ts";
import { type Answer, type Call, type OpenCall, requiredText } from "../call.ts";
import type { Desk } from "../desk.ts";
import { ApiError, invalid, notFound } from "../errors.ts";
import type { OpenRoute, Route } from "../routes.ts";

const PURPOSE = "backup";

/** Milliseconds for which a link to a backup is good. */
const LINK_LIFETIME_MS = 3_600_000;

/** What stands for a backup in a client's hands. */
const HANDLE = /^dynoform-backup:([0-9a-f-]{36})$/;
const LINK = /^https?:\/\/[^/]+\/backups\/([\w-]+)\/([\w-]+)$/;

export function backupRoutes(desk: Desk): Route[] {
  const addons = new AddonDesk(desk);
  const one = "/client/v11/apps/:app/transfers/:transfer";
  return [
    ["GET", "/client/v11/apps/:app/transfers", (call) => list(desk, call)],
    ["GET", one, async (call) => ({ body: await show(desk, (await find(desk, call)).transfer, call) })],
    ["DELETE", one, (call) => remove(desk, call)],
    ["POST", `${one}/actions/cancel`, (call) => cancel(desk, call)],
    ["POST", `${one}/actions/public-url`, (call) => link(desk, call)],
    ["POST", "/client/v11/databases/:database/backups", (call) => capture(addons, call)],
    ["POST", "/client/v11/databases/:database/restores", (call) => restore(addons, call)],
    ["POST", "/client/v11/databases/:database/transfers", (call) => copy(addons, call)],
  ];
}

/** For whoever has the URL. */
export function openBackupRoutes(desk: Desk): OpenRoute[] {
  return [["GET", "/backups/:backup/:signature", (call) => download(desk, call)]];
}

async function list(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const transfers = desk.ports.databases.transfers.list(app.id).filter(({ kind }) => kind !== "reset");
  return { body: await Promise.all(transfers.map((transfer) => show(desk, transfer))) };
}

async function find(desk: Desk, call: Call): Promise<{ readonly app: DeclaredApp; readonly transfer: Transfer }> {
  const app = await desk.app(call);
  const transfer = desk.ports.databases.transfers.find(app.id, call.params.transfer ?? "");
  if (transfer === undefined || transfer.kind === "reset") throw notFound("transfer", "that backup");
  return { app, transfer };
}

async function remove(desk: Desk, call: Call): Promise<Answer> {
  const { app, transfer } = await find(desk, call);
  if (transfer.finishedAt === null) throw new ApiError(409, "conflict", "It has not ended yet. Cancel it first.");
  await desk.act(call, app, `Delete ${nameOf(transfer)}`, () => desk.ports.databases.transfers.remove(transfer));
  return { body: await show(desk, transfer) };
}

async function cancel(desk: Desk, call: Call): Promise<Answer> {
  const { app, transfer } = await find(desk, call);
  await desk.act(call, app, `Cancel ${nameOf(transfer)}`, () => desk.ports.databases.transfers.cancel(transfer));
  return { body: { canceled_at: timeOf(desk.clock()) } };
}

async function link(desk: Desk, call: Call): Promise<Answer> {
  const { transfer } = await find(desk, call);
  if (transfer.kind !== "backup" || transfer.state !== "succeeded") {
    throw new ApiError(422, "invalid_params", `${nameOf(transfer)} is no backup that was completed.`);
  }
  const until = desk.clock() + LINK_LIFETIME_MS;
  const text = Buffer.from(JSON.stringify([transfer.uuid, until])).toString("base64url");
  const signature = await desk.token.sign(PURPOSE, text);
  // The official command line downloads by HTTPS only; this port speaks both.
  const origin = call.origin.replace(/^http:/, "https:");
  return { body: { url: `${origin}/backups/${text}/${signature}`, expires_at: timeOf(until) } };
}

/** @returns the UUID of the backup that a link is good for */
async function verify(desk: Desk, text: string, signature: string): Promise<string | undefined> {
  if (!(await desk.token.verify(PURPOSE, text, signature))) return undefined;
  const [uuid, until]: [string, number] = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  return until > desk.clock() ? uuid : undefined;
}

async function download(desk: Desk, call: OpenCall): Promise<Answer> {
  const { transfers } = desk.ports.databases;
  const uuid = await verify(desk, call.params.backup ?? "", call.params.signature ?? "");
  const backup = uuid === undefined ? undefined : transfers.byUuid(uuid);
  if (backup === undefined) throw new ApiError(403, "forbidden", "The link to the backup has expired.");
  const file = transfers.file(backup.id);
  const { size } = await stat(file);
  return {
    stream(response) {
      response.writeHead(200, {
        "Content-Type": "application/octet-stream",
        "Content-Length": size,
        "Content-Disposition": `attachment; filename="${nameOf(backup)}.dump"`,
        "Cache-Control": "no-store",
      });
      // A client that goes away is no problem of ours.
      pipeline(createReadStream(file), response).catch(() => response.destroy());
    },
  };
}

async function capture(addons: AddonDesk, call: Call): Promise<Answer> {
  const { addon, credentials, name } = await addons.database(call, "use");
  const { transfer } = await runTransfer(addons.desk, call, addon.app, `Back up ${addon.name}`, {
    app: addon.app.id,
    kind: "backup",
    addon: addon.id,
    from: name,
    to: "BACKUP",
    database: credentials.database,
    source: null,
    extensions: "",
  });
  return { status: 201, body: await show(addons.desk, transfer) };
}

async function restore(addons: AddonDesk, call: Call): Promise<Answer> {
  const { addon, credentials, name } = await addons.database(call, "use");
  const backup = await backupOf(addons.desk, call, requiredText(call, "backup_url"));
  const what = `Restore ${nameOf(backup)} to ${addon.name}`;
  const { transfer } = await runTransfer(addons.desk, call, addon.app, what, {
    app: addon.app.id,
    kind: "restore",
    addon: addon.id,
    from: nameOf(backup),
    to: name,
    database: credentials.database,
    source: String(backup.id),
    extensions: readExtensions(call),
  });
  return { status: 201, body: await show(addons.desk, transfer) };
}

/** A backup of an app that the caller may use, or one that somebody gave them a link to. */
async function backupOf(desk: Desk, call: Call, url: string): Promise<Transfer> {
  const { transfers } = desk.ports.databases;
  const [, handle] = HANDLE.exec(url) ?? [];
  const [, text, signature] = LINK.exec(url) ?? [];
  const uuid = text === undefined ? handle : await verify(desk, text, signature ?? "");
  const backup = uuid === undefined ? undefined : transfers.byUuid(uuid);
  const app = (await desk.ports.apps.list()).find(({ id }) => id === backup?.app);
  const mayUse = text !== undefined || (app !== undefined && desk.ports.accounts.may(call.caller, app.id, "use"));
  if (backup === undefined || !mayUse) {
    throw invalid(
      "backup_url",
      "Only backups of this platform can be restored, by their IDs (b001, or app::b001 of another app). Load another one yourself, with the URL that pg:credentials:url prints: pg_restore --no-owner --no-acl -d URL latest.dump",
    );
  }
  if (backup.kind !== "backup" || backup.state !== "succeeded") {
    throw invalid("backup_url", `${nameOf(backup)} is no backup that was completed.`);
  }
  return backup;
}

async function copy(addons: AddonDesk, call: Call): Promise<Answer> {
  const [from, to] = [requiredText(call, "from_url"), requiredText(call, "to_url")];
  const [source, target] = await Promise.all([addons.ofUrl(call, from), addons.ofUrl(call, to)]);
  if (source === undefined || target === undefined) {
    throw invalid(
      source === undefined ? "from_url" : "to_url",
      "Only databases of this platform can be copied. Use pg_dump and pg_restore with the URL that pg:credentials:url prints.",
    );
  }
  const { databases } = addons.desk.ports;
  const [read, written] = [databases.credentials(from).database, databases.credentials(to).database];
  if (read === written) throw invalid("to_url", "Cannot copy a database onto itself.");
  if (!addons.mayUse(call, target.app)) {
    throw new ApiError(403, "forbidden", `Only who may use ${target.app.name} may do that to its database.`);
  }
  const { transfer } = await runTransfer(addons.desk, call, target.app, `Copy ${source.name} to ${target.name}`, {
    app: target.app.id,
    kind: "copy",
    addon: target.id,
    from: source.attachment,
    to: target.attachment,
    database: written,
    source: read,
    extensions: "",
  });
  return { status: 201, body: await show(addons.desk, transfer) };
}

/** Begins a transfer as an act of the caller's; the answer need not wait for its end. */
export async function runTransfer(
  desk: Desk,
  call: Call,
  app: DeclaredApp,
  description: string,
  wanted: Omit<NewTransfer, "uuid">,
): Promise<{ readonly transfer: Transfer; readonly ended: Promise<Transfer> }> {
  const { transfers } = desk.ports.databases;
  const begun = Promise.withResolvers<Transfer>();
  const user = call.caller.email;
  if (call.dryRun) await desk.act(call, app, description, async () => {});
  const whole = desk.act(call, app, description, async () => {
    const transfer = transfers.begin(wanted);
    begun.resolve(transfer);
    const end = await transfers.end(transfer.id);
    if (end.state === "failed") throw new UserError(end.message ?? "");
  });
  whole.then(
    () => desk.say(app, `${description} by user ${user}`),
    (error: unknown) => {
      begun.reject(error);
      desk.say(app, `${description} by user ${user} failed: ${messageOf(error).split("\n", 1)[0]}`);
    },
  );
  const transfer = await begun.promise;
  const ended = whole.then(
    () => transfers.byUuid(transfer.uuid) ?? transfer,
    () => transfers.byUuid(transfer.uuid) ?? transfer,
  );
  return { transfer, ended };
}

/** Extensions to make before anything else, as a transfer takes them. */
export function readExtensions(call: Call): string {
  const { extensions = [] } = call.body;
  const names: readonly unknown[] = Array.isArray(extensions) ? extensions : [extensions];
  for (const name of names) {
    if (typeof name === "string" && /^[a-z][a-z0-9_-]{0,49}$/.test(name)) continue;
    throw invalid("extensions", `${JSON.stringify(name)} is no name of an extension; use one like pg_trgm.`);
  }
  return names.join(" ");
}

async function show(desk: Desk, transfer: Transfer, call?: Call) {
  const { transfers } = desk.ports.databases;
  const { kind, uuid, number, state, createdAt, startedAt, finishedAt, canceledAt, sourceBytes } = transfer;
  const verbose = call?.query.get("verbose") === "true";
  const time = (at: number | null) => (at === null ? null : timeOf(at));
  return {
    uuid,
    num: number,
    from_name: transfer.from,
    from_type: kind === "restore" ? "gof3r" : "pg_dump",
    from_url: null,
    to_name: transfer.to,
    to_type: kind === "backup" ? "gof3r" : "pg_restore",
    to_url: kind === "backup" ? `dynoform-backup:${uuid}` : null,
    created_at: timeOf(createdAt),
    started_at: time(startedAt),
    updated_at: timeOf(finishedAt ?? startedAt ?? createdAt),
    finished_at: time(finishedAt),
    canceled_at: time(canceledAt),
    processed_bytes: await transfers.progress(transfer),
    source_bytes: sourceBytes,
    succeeded: state === "succeeded",
    warnings: 0,
    options: {},
    schedule: null,
    ...(verbose && { logs: await logOf(desk, transfer) }),
  };
}

/** A line each, as clients show it. */
async function logOf(desk: Desk, { id, startedAt, createdAt, message }: Transfer) {
  const lines = await desk.ports.databases.transfers.log(id);
  const created_at = timeOf(startedAt ?? createdAt);
  const all = message === null || lines.includes(message) ? lines : [...lines, message];
  return all.map((line) => ({ created_at, message: line }));
}

/** `b001`, as clients name it. */
function nameOf({ kind, number }: Transfer): string {
  return `${kind === "restore" ? "r" : kind === "copy" ? "c" : "b"}${String(number).padStart(3, "0")}`;
}

/** As Heroku writes it: `2026-01-02 03:04:05 +0000`. */
function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} +0000`;
}
