/**
 * One change of a stack at a time: lock records as Pulumi's DIY backend writes them, so that the real CLI respects
 * ours and we its. Ours say besides which process holds them; one whose process is certainly gone is taken over.
 */
import { randomUUID } from "node:crypto";
import { hostname, userInfo } from "node:os";
import type { Backend } from "./backend.ts";
import type { Bucket } from "./bucket.ts";
import { type LockHolder, StackLockedError } from "./errors.ts";
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
 * @throws StackLockedError with Pulumi's words when somebody else holds the stack
 */
export async function lockStack(
  backend: Backend,
  name: StackName,
  notice: (line: string) => void,
  who = userInfo().username,
): Promise<HeldLock> {
  const { records } = backend;
  const own = `${lockFolder(name)}/${randomUUID()}.json`;
  await removeAbandoned(records, name, notice);
  await refuseOthers(backend, name, own);
  const content: LockContent = {
    pid: process.pid,
    username: who,
    hostname: hostname(),
    timestamp: new Date().toISOString(),
    ...(await ownIdentity()),
  };
  await records.write(own, JSON.stringify(content));
  const held = { release: () => records.remove(own) };
  try {
    await refuseOthers(backend, name, own);
  } catch (error) {
    await held.release();
    throw error;
  }
  return held;
}

/** Removes every lock of a stack, whoever holds it. */
export async function removeLocks(backend: Backend, name: StackName): Promise<void> {
  await backend.records.removeAll(lockFolder(name));
}

function lockFolder(name: StackName): string {
  return `locks/${qualified(name)}`;
}

async function readLocks(records: Bucket, name: StackName): Promise<{ key: string; content: LockContent }[]> {
  const locks: { key: string; content: LockContent }[] = [];
  for (const file of await records.list(lockFolder(name))) {
    // The real CLI of some versions leaves `.attrs` sidecars, which are no locks.
    if (!file.endsWith(".json")) continue;
    const key = `${lockFolder(name)}/${file}`;
    const bytes = await records.read(key);
    if (bytes !== undefined) locks.push({ key, content: parseLock(bytes.toString("utf8")) });
  }
  return locks;
}

function parseLock(text: string): LockContent {
  try {
    return JSON.parse(text) as LockContent;
  } catch {
    return { pid: 0, username: "unknown", hostname: "unknown", timestamp: "an unknown time" };
  }
}

async function removeAbandoned(records: Bucket, name: StackName, notice: (line: string) => void): Promise<void> {
  for (const { key, content } of await readLocks(records, name)) {
    if (!(await isGone(content))) continue;
    await records.remove(key);
    notice(`Taking over the lock of process ${content.pid} (${content.timestamp}), which ended without releasing it.`);
  }
}

async function refuseOthers(backend: Backend, name: StackName, own: string): Promise<void> {
  const others = (await readLocks(backend.records, name)).filter(({ key }) => key !== own);
  if (others.length === 0) return;
  throw new StackLockedError(others.map(({ key, content }) => holderOf(backend, key, content)));
}

function holderOf({ shown }: Backend, key: string, { username, hostname, pid, timestamp }: LockContent): LockHolder {
  const place = `${shown.replace(/\?.*$/, "").replace(/\/$/, "")}/.pulumi/${key}`;
  return { place, who: username, host: hostname, pid, since: timestamp.replace(/\.\d+/, "") };
}
