import { randomBytes } from "node:crypto";
import { appendFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { isGone, ownIdentity, type ProcessIdentity } from "../../lib/process-identity.ts";

/** How many records of an app are kept. */
const KEPT = 50;

/** What is known of one build, as `record.json` has it. Its output lies beside it, in `log`. */
export interface BuildRecord {
  /** Sorts by time. */
  readonly id: string;
  readonly app: string;
  /** Of the source tree, hex SHA-256. */
  readonly digest: string;
  /** ISO 8601. */
  readonly start: string;
  readonly end?: string;
  /** `abandoned` is never written: a record that says `running` reads so when its process is gone. */
  readonly result: "running" | "succeeded" | "failed" | "cancelled" | "abandoned";
  /** Docker's id of the image. */
  readonly image?: string;
  /** Why it failed, in one line. */
  readonly error?: string;
}

interface StoredRecord extends BuildRecord {
  readonly process: ProcessIdentity & { readonly pid: number; readonly hostname: string };
}

/** A build record while its build runs. */
export interface OpenRecord {
  readonly id: string;
  /** Appends a line to the log, at once: others read it as it grows. */
  log(line: string): void;
  close(result: Pick<BuildRecord, "image" | "error"> & { result: "succeeded" | "failed" | "cancelled" }): Promise<void>;
}

/**
 * Begins a build's record, and removes the app's oldest when there are more than 50.
 *
 * @param folder the folder `builds` of the platform's runtime directory
 */
export async function openRecord(folder: string, app: string, digest: string): Promise<OpenRecord> {
  const start = new Date().toISOString();
  const id = `${start.replace(/[-:.]/g, "")}-${randomBytes(3).toString("hex")}`;
  const own = join(folder, id);
  await mkdir(own, { recursive: true });
  const record: StoredRecord = {
    id,
    app,
    digest,
    start,
    result: "running",
    process: { pid: process.pid, hostname: hostname(), ...(await ownIdentity()) },
  };
  await write(own, record);
  const log = join(own, "log");
  appendFileSync(log, "");
  await removeOldest(folder, app);
  return {
    id,
    log: (line) => appendFileSync(log, `${line}\n`),
    close: (outcome) => write(own, { ...record, ...outcome, end: new Date().toISOString() }),
  };
}

/** A platform's build records, oldest first. */
export async function listRecords(folder: string): Promise<BuildRecord[]> {
  const ids = await readdir(folder).catch((error) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const records = await Promise.all(ids.sort().map((id) => readRecord(folder, id)));
  return records.filter((record) => record !== undefined);
}

/** Undefined: there is none of that id. */
export async function readRecord(folder: string, id: string): Promise<BuildRecord | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, id, "record.json"), "utf8");
  } catch {
    return undefined;
  }
  const { process: builder, ...record } = JSON.parse(text) as StoredRecord;
  return record.result === "running" && (await isGone(builder)) ? { ...record, result: "abandoned" } : record;
}

async function removeOldest(folder: string, app: string): Promise<void> {
  const records = (await listRecords(folder)).filter((record) => record.app === app);
  for (const { id } of records.slice(0, -KEPT)) {
    await rm(join(folder, id), { recursive: true, force: true });
  }
}

async function write(folder: string, record: StoredRecord): Promise<void> {
  const unfinished = join(folder, ".record.json");
  await writeFile(unfinished, `${JSON.stringify(record, undefined, 2)}\n`);
  await rename(unfinished, join(folder, "record.json"));
}
