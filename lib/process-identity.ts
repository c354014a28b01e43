/** Who a process is, so that its lock can be told from one that its process left behind (Linux's /proc). */
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

/** What tells a process from every other, on this machine and elsewhere. */
export interface ProcessIdentity {
  readonly bootId?: string;
  readonly pidNamespace?: string;
  /** Clock ticks after the boot. */
  readonly startTime?: string;
}

/** The identity of this process; empty where there is no /proc. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  try {
    const [boot, namespace, stat] = await Promise.all([bootId(), pidNamespace(), readStat("self")]);
    return { bootId: boot, pidNamespace: namespace, ...(stat === undefined ? {} : { startTime: stat.startTime }) };
  } catch {
    return {};
  }
}

/**
 * Whether the process is certainly gone: the machine was booted since, or its pid, looked up in the same pid
 * namespace, is free or another's. False in doubt: another machine, another container, or no identity.
 */
export async function isGone(lock: ProcessIdentity & { pid: number; hostname: string }): Promise<boolean> {
  const own = await ownIdentity();
  if (lock.bootId === undefined || own.bootId === undefined) return false;
  if (lock.bootId !== own.bootId) return lock.hostname === hostname();
  if (lock.pidNamespace === undefined || lock.pidNamespace !== own.pidNamespace) return false;
  const stat = await readStat(String(lock.pid));
  return stat === undefined || stat.ended || stat.startTime !== lock.startTime;
}

async function bootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
}

function pidNamespace(): Promise<string> {
  return readlink("/proc/self/ns/pid");
}

/** Undefined: no such process. `ended`: a zombie, or dead. */
async function readStat(pid: string): Promise<{ startTime: string; ended: boolean } | undefined> {
  let text: string;
  try {
    text = await readFile(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The command, in brackets, may hold spaces and brackets itself: proc(5), fields 3 and 22.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state = ""] = fields;
  return { startTime: fields[19] ?? "", ended: state === "Z" || state === "X" };
}
