import type { Planned } from "../../../services/stacks/plan/planned.ts";
import type { Denied } from "../../../services/stacks/plan/policy.ts";
import type { Reason } from "./touched.ts";

/** What is known of a stack after it was looked at. */
export interface StackReport {
  readonly stack: string;
  /** From the repository's folder. */
  readonly file: string;
  /** The line of it to point at. */
  readonly line: number;
  readonly reason: Reason;
  /** `new`: it is not there yet. `elsewhere`: who looked may not run the change's own program. */
  readonly status: "changed" | "unchanged" | "failed" | "new" | "elsewhere";
  readonly planned: readonly Planned[];
  /** Resources that stay as they are. */
  readonly same: number;
  readonly denied: readonly Denied[];
  /** Of `elsewhere`: why, as a sentence. */
  readonly why?: string;
  /** Of `failed`: what is wrong. */
  readonly error?: string;
}

/** What a change would do. */
export interface Report {
  readonly project: string;
  /** The commits that were compared. */
  readonly base: string;
  readonly head: string;
  readonly stacks: readonly StackReport[];
  /** Stacks whose file is gone; they stay. */
  readonly removed: readonly string[];
  /** How many the change does not touch. */
  readonly untouched: number;
}

/** `nothing`: no stack would change. */
export type Verdict = "nothing" | "changes" | "refused" | "failed";

export function verdictOf({ stacks, removed }: Report): Verdict {
  if (stacks.some(({ status }) => status === "failed")) return "failed";
  if (stacks.some(({ denied }) => denied.length > 0)) return "refused";
  const changes = stacks.some(({ status }) => status !== "unchanged") || removed.length > 0;
  return changes ? "changes" : "nothing";
}

/** The exit code: 0 nothing to do, 2 there are changes, 1 it cannot or may not be done. */
export function exitCodeOf(verdict: Verdict): number {
  return { nothing: 0, changes: 2, refused: 1, failed: 1 }[verdict];
}

/** For programs. Keys are added and never change. */
export function jsonOf(report: Report): string {
  const { project, base, head, stacks, removed, untouched } = report;
  const document = {
    version: 1,
    project,
    base,
    head,
    verdict: verdictOf(report),
    stacks: stacks.map(({ planned, denied, ...stack }) => ({
      ...stack,
      changes: planned.map(({ urn: _, ...change }) => change),
      denied: denied.map(({ rule, planned: { act, type, name } }) => ({ rule, act, type, name })),
    })),
    removed,
    untouched,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** In one line, e.g. for a commit's status: 140 characters at most. */
export function headline(report: Report): string {
  const changed = report.stacks.filter(({ status }) => status !== "unchanged").length + report.removed.length;
  const all = report.stacks.length + report.untouched + report.removed.length;
  const stacks = `${changed} of ${all} ${all === 1 ? "stack" : "stacks"}`;
  switch (verdictOf(report)) {
    case "nothing":
      return "no stack changes";
    case "changes":
      return `${stacks} would change`;
    case "refused":
      return `refused: ${report.stacks.flatMap(({ denied }) => denied).length} of the changes are denied`;
    case "failed":
      return `${report.stacks.filter(({ status }) => status === "failed").length} of ${all} stacks could not be previewed`;
  }
}
