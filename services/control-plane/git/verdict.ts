/** What the hook in a push tells the control plane, and what it hears; each line is JSON. */

/** One ref that a push would change. */
export interface Update {
  /** 40 hexadecimal digits; all 0: there is none. */
  readonly before: string;
  readonly after: string;
  /** E.g. `refs/heads/main`. */
  readonly ref: string;
}

/**
 * `taken`: the ref is as the push wants it. `left`: Git itself is to set it. `refused`: it stays as it was, with the
 * reason that Git shows beside the ref.
 */
export type Verdict = { readonly ref: string } & (
  | { readonly end: "taken" | "left" }
  | { readonly end: "refused"; readonly reason: string }
);

/** What comes back line by line: something to show at once, and at last what became of each ref. */
export type PushEvent = { readonly say: string } | { readonly verdicts: readonly Verdict[] };

/** The environment of the hook. */
export const HOOK_SOCKET = "DYNOFORM_PUSH_SOCKET";
export const HOOK_SECRET = "DYNOFORM_PUSH_SECRET";

const NOTHING = /^0+$/;

/** Whether a push would remove the ref. */
export function isDeletion({ after }: Update): boolean {
  return NOTHING.test(after);
}

export function isCreation({ before }: Update): boolean {
  return NOTHING.test(before);
}

/** `<before> <after> <ref>`, as Git writes it. */
export function parseUpdate(line: string): Update | undefined {
  const [, before, after, ref] = /^([0-9a-f]{40}) ([0-9a-f]{40}) (refs\/\S+)$/.exec(line.trimEnd()) ?? [];
  return before === undefined || after === undefined || ref === undefined ? undefined : { before, after, ref };
}
