/** What Pulumi's words mean. Nobody else reads what it prints. */
import { UserError } from "../../lib/errors.ts";

/**
 * Why a command of Pulumi's failed. `locked`: somebody else is changing the stack. `unknown-stack`: the backend has none
 * of that name. `exists`: it has one already. `wrong-passphrase`: the stack's file was encrypted with another.
 */
export type PulumiReason = "locked" | "unknown-stack" | "exists" | "wrong-passphrase" | "failed";

const WORDS: readonly (readonly [PulumiReason, RegExp])[] = [
  ["locked", /the stack is currently locked by/],
  ["unknown-stack", /no stack named '/],
  // Many a resource exists already, too.
  ["exists", /\bstack '[^'\s]+' already exists/],
  ["wrong-passphrase", /incorrect passphrase/],
];

/** @param output what the command printed */
export function reasonOf(output: string): PulumiReason {
  return WORDS.find(([, words]) => words.test(output))?.[0] ?? "failed";
}

/** Something that Pulumi was asked to do and did not. */
export class PulumiFailure extends UserError {
  readonly reason: PulumiReason;

  constructor(message: string, reason: PulumiReason) {
    super(message, { kind: reason === "locked" ? "conflict" : "invalid" });
    this.reason = reason;
  }
}

/** Why it failed, where it is a failure of Pulumi's. */
export function pulumiReason(error: unknown): PulumiReason | undefined {
  return error instanceof PulumiFailure ? error.reason : undefined;
}

/** A process that holds a stack's lock. */
interface LockHolder {
  readonly host: string;
  readonly pid: string;
}

/** Both engines list locks as `  file:///…: created by user@host (pid 123) at 2026-…`. @param output of a command that was refused */
export function lockHolders(output: string): LockHolder[] {
  if (reasonOf(output) !== "locked") return [];
  const found = output.matchAll(/created by \S*@(\S+) \(pid (\d+)\)/g);
  return [...found].map(([, host = "", pid = ""]) => ({ host, pid }));
}
