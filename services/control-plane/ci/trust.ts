import type { CiTrust } from "../../../model/platform/settings.ts";

export type { CiTrust };

export type Purpose = CiTrust["may"];

/** What a token says of where it comes from. */
interface Origin {
  readonly repository: string;
  /** `refs/heads/main`, `refs/pull/12/merge` */
  readonly ref: string;
  /** `push`, `pull_request`, … */
  readonly event: string;
}

/** Whether somebody's workflow is trusted with something; who may bring up may preview too. */
export function may(trust: readonly CiTrust[], origin: Origin, purpose: Purpose): boolean {
  // `pull_request_target` has the base's ref, and may run what the pull request brings.
  if (purpose === "up" && origin.event.startsWith("pull_request")) return false;
  return trust.some(
    (each) =>
      each.repo.toLowerCase() === origin.repository.toLowerCase() &&
      (each.ref === undefined || isRef(each.ref, origin.ref)) &&
      (each.may === purpose || each.may === "up"),
  );
}

/** @param wanted a branch's name, or a whole ref; a star at its end stands for the rest */
function isRef(wanted: string, ref: string): boolean {
  const whole = wanted.startsWith("refs/") ? wanted : `refs/heads/${wanted}`;
  return whole.endsWith("*") ? ref.startsWith(whole.slice(0, -1)) : ref === whole;
}
