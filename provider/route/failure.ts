/** After so many exits within one deployment a dyno is failed at once. */
export const EXITS = 3;

/** Why the router did not take a dyno; `status` for `status`. The router's own words for it are in services/router. */
export type ProbeReason = "no_name" | "refused" | "no_answer" | "status";

export interface ProbeFailure {
  readonly reason: ProbeReason;
  readonly status?: number;
  /** When the first answer came that was no good, in seconds since 1970. */
  readonly answered?: number;
}

/** @param dyno as in `web.1 of hello`. */
export function exited(dyno: string, status: number | undefined): string {
  const last = status === undefined ? "" : `: exit status ${status}${meaning(status)}`;
  return `${dyno} exited ${EXITS} times${last}`;
}

/**
 * @param seconds how long it was waited for.
 * @param problem what Swarm says, when it could not start the dyno at all.
 */
export function notStarted(dyno: string, seconds: number, problem: string | undefined): string {
  if (problem !== undefined) return `${dyno} could not be started: ${problem}`;
  return `${dyno} did not start within ${seconds} seconds`;
}

/** What a probe that failed until its timeout says about the dyno. */
export function unproven(
  dyno: string,
  { reason, status }: ProbeFailure,
  check: { readonly type: string; readonly path: string; readonly timeout: number },
): string {
  const within = `within ${check.timeout} seconds`;
  switch (reason) {
    case "status":
      return `${dyno} answered ${status} to GET ${check.path} for ${check.timeout} seconds; it must answer below 500`;
    case "no_answer":
      return `${dyno} did not answer GET ${check.path} ${within}`;
    case "refused":
    case "no_name":
      return `${dyno} did not listen on $PORT ${within} (H20 App boot timeout)`;
  }
}

/** An error of a reason and the app's last lines, indented below it. */
export function withLines(reason: string, lines: readonly string[]): Error {
  if (lines.length === 0) return new Error(`${reason}. It wrote nothing`);
  return new Error(`${reason}. Its last lines:\n${lines.map((line) => `    ${line}`).join("\n")}`);
}

function meaning(status: number): string {
  if (status === 137) return " (killed; out of memory?)";
  if (status === 127) return " (command not found)";
  return "";
}
