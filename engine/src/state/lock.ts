/**
 * One change of a stack at a time: lock files as Pulumi's file backend writes them, so that the real CLI respects
 * ours and we its. Ours say besides which process holds them; one whose process is certainly gone is taken over.
 */
import { randomUUID } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { UserError } from "./errors.ts";
import type { FileBackend } from "./file-backend.ts";
import { isMissing, readFileIfAny, writeFileAtomic } from "./files.ts";
import { isGone, ownIdentity, type ProcessIdentity } from "./process-identity.ts";
import { qualified, type StackName } from "./stack-name.ts";

interface LockContent extends ProcessIdentity {
  pid: number;
  username: string;
  hostname: string;
  /** RFC 3339. */
  timestamp: string;
}

export interface HeldLock {
  release(): Promise<void>;
}

/**
 * @param notice told in one line when a lock is taken over
 * @param who holds it, for whoever is refused. Default: the process' user
 * @throws UserError with Pulumi's words when somebody else holds the stack
 */
export async function lockStack(
  backend: FileBackend,
  name: StackName,
  notice: (line: string) => void,
  who = userInfo().username,
): Promise<HeldLock> {
  const folder = lockFolder(backend, name);
  const own = `${randomUUID()}.json`;
  await removeAbandoned(folder, notice);
  await refuseOthers(backend, name, own);
  const content: LockContent = {
    pid: process.pid,
    username: who,
    hostname: hostname(),
    timestamp: new Date().toISOString(),
    ...(await ownIdentity()),
  };
  // Whatever lies in the locks' folder is a lock, so the unfinished file lies elsewhere.
  await writeFileAtomic(join(folder, own), JSON.stringify(content), { scratch: backend.root });
  const held = { release: () => rm(join(folder, own), { force: true }) };
  try {
    await refuseOthers(backend, name, own);
  } catch (error) {
    await held.release();
    throw error;
  }
  return held;
}

/** Removes every lock of a stack, whoever holds it. */
export async function removeLocks(backend: FileBackend, name: StackName): Promise<void> {
  await rm(lockFolder(backend, name), { recursive: true, force: true });
}

function lockFolder(backend: FileBackend, name: StackName): string {
  return join(backend.root, "locks", ...qualified(name).split("/"));
}

async function readLocks(folder: string): Promise<{ file: string; content: LockContent }[]> {
  const locks: { file: string; content: LockContent }[] = [];
  for (const file of await listLocks(folder)) {
    const text = await readFileIfAny(join(folder, file));
    if (text !== undefined) locks.push({ file, content: parseLock(text) });
  }
  return locks;
}

/** The real CLI of some versions leaves `.attrs` sidecars, which are no locks. */
async function listLocks(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((file) => file.endsWith(".json"));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function parseLock(text: string): LockContent {
  try {
    return JSON.parse(text) as LockContent;
  } catch {
    return { pid: 0, username: "unknown", hostname: "unknown", timestamp: "an unknown time" };
  }
}

async function removeAbandoned(folder: string, notice: (line: string) => void): Promise<void> {
  for (const { file, content } of await readLocks(folder)) {
    if (!(await isGone(content))) continue;
    await rm(join(folder, file), { force: true });
    notice(`Taking over the lock of process ${content.pid} (${content.timestamp}), which ended without releasing it.`);
  }
}

async function refuseOthers(backend: FileBackend, name: StackName, own: string): Promise<void> {
  const others = (await readLocks(lockFolder(backend, name))).filter(({ file }) => file !== own);
  if (others.length === 0) return;
  const lines = others.map(({ file, content }) => {
    const url = `${backend.url.replace(/\?.*$/, "").replace(/\/$/, "")}/.pulumi/locks/${qualified(name)}/${file}`;
    const time = content.timestamp.replace(/\.\d+/, "");
    return `\n  ${url}: created by ${content.username}@${content.hostname} (pid ${content.pid}) at ${time}`;
  });
  throw new UserError(
    `the stack is currently locked by ${others.length} lock(s). Either wait for the other process(es) to end or ` +
      `delete the lock file with \`pulumi cancel\`.${lines.join("")}`,
  );
}
