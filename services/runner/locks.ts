import { existsSync } from "node:fs";
import { hostname } from "node:os";

/** `  file:///…: created by user@host (pid 123) at 2026-…`, as both engines list the locks of a stack. */
const LOCK = /created by \S*@(\S+) \(pid (\d+)\)/g;

/**
 * Whether a stack is locked by nothing but processes that have ended. The embedded engine takes over such locks
 * itself; the real CLI leaves them to `pulumi cancel`. The runner sees the host's processes and has its name.
 *
 * @param output of the command that was refused
 */
export function isAbandonedLock(output: string, isRunning = (pid: string) => existsSync(`/proc/${pid}`)): boolean {
  if (!output.includes("the stack is currently locked by")) return false;
  const locks = [...output.matchAll(LOCK)];
  return locks.length > 0 && locks.every(([, host, pid = ""]) => host === hostname() && !isRunning(pid));
}
