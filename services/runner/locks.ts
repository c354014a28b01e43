import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { lockHolders } from "../stacks/reasons.ts";

/**
 * Whether a stack is locked by nothing but processes that have ended. The embedded engine takes over such locks
 * itself; the real CLI leaves them to `pulumi cancel`. The runner sees the host's processes and has its name.
 *
 * @param output of the command that was refused
 */
export function isAbandonedLock(output: string, isRunning = (pid: string) => existsSync(`/proc/${pid}`)): boolean {
  const holders = lockHolders(output);
  return holders.length > 0 && holders.every(({ host, pid }) => host === hostname() && !isRunning(pid));
}
