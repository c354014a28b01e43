import type { ProbeFailure } from "../../services/router-client/client.ts";
import { hint } from "./hints.ts";

/** After so many exits within one deployment a dyno is failed at once. */
export const EXITS = 3;

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

/** How a new dyno has to answer. */
interface Check {
  readonly type: string;
  readonly path: string;
  readonly timeout: number;
}

/** What a probe that failed until its timeout says about the dyno. */
export function unproven(dyno: string, { reason, status }: ProbeFailure, check: Check): string {
  const within = `within ${check.timeout} seconds`;
  const asked = `GET ${check.path}`;
  switch (reason) {
    case "status": {
      const answered = `${dyno} answered ${status} to ${asked} for ${check.timeout} seconds`;
      if (check.type === "http") return `${answered}; the app's healthCheck wants less than 500`;
      return `${answered}, and the release that it was to replace answers below 500`;
    }
    case "no_answer":
      return `${dyno} did not answer ${asked} ${within}`;
    case "refused":
    case "no_name":
      return `${dyno} did not listen on $PORT ${within} (H20 App boot timeout)`;
  }
}

/** How to have a release that does worse: for whom its database, say, has to be migrated first. */
export function unlessForced(app: string, { reason }: ProbeFailure, { type }: Check): string {
  if (type !== "no-worse" || (reason !== "status" && reason !== "no_answer")) return "";
  return `\nTo deploy it all the same: heroku maintenance:on -a ${app}, deploy, mend it, heroku maintenance:off -a ${app}`;
}

/** Why it was taken. */
const TAKEN = {
  wanted: "that was wanted",
  maintenance: "the app is in maintenance",
  "no worse": "what it replaces does no better",
  "nothing replaced": "there is nothing that it replaces",
};

/** What is said of a dyno that was taken although it answers 500 or more, or nothing. */
export function failing(
  dyno: string,
  { reason, status }: ProbeFailure,
  { path, timeout }: Check,
  why: keyof typeof TAKEN,
): string {
  const does =
    reason === "status" ? `answers ${status} to GET ${path}` : `did not answer GET ${path} within ${timeout} seconds`;
  return `${dyno} ${does}, and was deployed all the same, as ${TAKEN[why]}`;
}

/** A reason and the app's last lines, indented below it, with what is known of them. */
export function withLines(reason: string, lines: readonly string[]): string {
  if (lines.length === 0) return `${reason}. It wrote nothing`;
  const known = hint(lines);
  const shown = lines.map((line) => `    ${line}`);
  return [`${reason}. Its last lines:`, ...shown, ...(known === undefined ? [] : [known])].join("\n");
}

function meaning(status: number): string {
  if (status === 137) return " (killed; out of memory?)";
  if (status === 127) return " (command not found)";
  return "";
}
