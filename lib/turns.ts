import { randomUUID } from "node:crypto";
import { type FSWatcher, watch } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { isGone, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

/** What a process leaves in the queue's folder while it waits and builds. */
interface Ticket extends ProcessIdentity {
  readonly pid: number;
  readonly hostname: string;
  /** For whoever waits: what is being built. */
  readonly what: string;
}

const CHOOSING = "choosing-";
/** How often to look whether a process before us has died, which no event tells. */
const LOOK_EVERY_MS = 1000;

/**
 * Waits for this process' turn among all that share a folder, first come, first served. Dispose it to let the next one in.
 *
 * Lamport's bakery with a file a ticket, and not one lock file: a dead process' ticket has a name of its own, so
 * whoever finds it can remove it, without a chance of removing that of somebody alive.
 *
 * @param what for others' messages, e.g. "app hello"
 * @param waiting told in one line, once for each build that goes before
 */
export async function takeTurn(
  folder: string,
  what: string,
  waiting: (line: string) => void,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  await mkdir(folder, { recursive: true });
  const id = randomUUID();
  const content: Ticket = { pid: process.pid, hostname: hostname(), what, ...(await ownIdentity()) };
  const unfinished = join(folder, `.${id}`);
  await writeFile(unfinished, JSON.stringify(content));
  await rename(unfinished, join(folder, CHOOSING + id));
  const own = `${await nextNumber(folder)}-${id}`;
  await rename(join(folder, CHOOSING + id), join(folder, own));
  const turn = { [Symbol.asyncDispose]: () => rm(join(folder, own), { force: true }) };
  try {
    await untilFirst(folder, own, waiting, signal);
  } catch (error) {
    await turn[Symbol.asyncDispose]();
    throw error;
  }
  return turn;
}

/** One more than the highest there, with so many digits that names sort as numbers. */
async function nextNumber(folder: string): Promise<string> {
  const numbers = (await readdir(folder)).map((name) => Number.parseInt(name, 10)).filter(Number.isFinite);
  return String(Math.max(0, ...numbers) + 1).padStart(12, "0");
}

async function untilFirst(
  folder: string,
  own: string,
  waiting: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let changed = Promise.withResolvers<void>();
  const watcher: FSWatcher = watch(folder, () => changed.resolve());
  try {
    for (let told: string | undefined; ; ) {
      signal.throwIfAborted();
      const before = await firstBefore(folder, own);
      if (before === undefined) return;
      if (before.name !== told && before.ticket) {
        waiting(`Waiting for another build: ${before.ticket.what} (process ${before.ticket.pid})`);
        told = before.name;
      }
      await either(changed.promise, LOOK_EVERY_MS, signal);
      changed = Promise.withResolvers<void>();
    }
  } finally {
    watcher.close();
  }
}

/** Whoever goes before us or may yet: a smaller ticket, or a process that has not taken its number. */
async function firstBefore(folder: string, own: string): Promise<{ name: string; ticket?: Ticket } | undefined> {
  for (;;) {
    const names = (await readdir(folder)).filter(
      (name) => name.startsWith(CHOOSING) || (/^\d/.test(name) && name < own),
    );
    const tickets = await Promise.all(
      names.sort().map(async (name) => [name, await readTicket(join(folder, name))] as const),
    );
    let chosen = false;
    for (const [name, ticket] of tickets) {
      if (ticket === undefined) {
        // Who was choosing has a number by now, which may be before ours.
        chosen ||= name.startsWith(CHOOSING);
        continue;
      }
      if (!(await isGone(ticket))) return name.startsWith(CHOOSING) ? { name } : { name, ticket };
      await rm(join(folder, name), { force: true });
    }
    if (!chosen) return undefined;
  }
}

async function readTicket(path: string): Promise<Ticket | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Ticket;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Until a promise resolves, some milliseconds are over, or the signal aborts. */
async function either(promise: Promise<void>, milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise: woken, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const timer = setTimeout(wake, milliseconds);
  signal.addEventListener("abort", wake);
  if (signal.aborted) wake();
  await Promise.race([promise, woken]);
  clearTimeout(timer);
  signal.removeEventListener("abort", wake);
}
