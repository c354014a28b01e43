import type { ChildProcess } from "node:child_process";
import { findProject, readStackFiles } from "../../model/stack/project.ts";

/** What a deployment may take. */
interface TimeLimit {
  readonly milliseconds: number;
  /** What is said when it took longer. */
  readonly problem: string;
}

/** Milliseconds. GitHub's plugin waits for as long as a limit of GitHub's lasts, which may be an hour. */
const LINK_LIMIT_MS = 120_000;

/** Milliseconds between asking a command to end, and asking again, which it then does at once. */
const GRACE_MS = 10_000;

/** How long a deployment of a stack may take; undefined: as long as it takes. */
export async function timeLimitOf(stack: string, directory: string): Promise<TimeLimit | undefined> {
  const files = await findProject(directory).then(readStackFiles, () => []);
  if (files.find((file) => file.stack === stack)?.kind !== "github") return undefined;
  return {
    milliseconds: LINK_LIMIT_MS,
    problem:
      `stack ${stack} was not done within ${LINK_LIMIT_MS / 60_000} minutes: GitHub is slow or takes no more requests of the ` +
      "credential for now. The apps go on; repeat the command later.",
  };
}

/**
 * Ends a command that takes too long: it is asked, asked again, and killed.
 *
 * @returns whether it took too long; `stop` once it has ended
 */
export function endAfter(child: Pick<ChildProcess, "kill">, { milliseconds }: TimeLimit, grace = GRACE_MS) {
  let expired = false;
  const signals = ["SIGINT", "SIGINT", "SIGKILL"] as const;
  const timers = signals.map((signal, index) =>
    setTimeout(
      () => {
        expired = true;
        child.kill(signal);
      },
      milliseconds + index * grace,
    ),
  );
  return {
    stop: () => timers.forEach(clearTimeout),
    isExpired: () => expired,
  };
}
