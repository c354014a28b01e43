import type { PullRequest } from "./forge.ts";

/** A pull request, as far as GitHub and Gitea describe it alike. */
export interface PullAnswer {
  readonly number: number;
  readonly title: string;
  readonly html_url: string;
  readonly state: string;
  readonly draft?: boolean;
  readonly head: Side;
  readonly base: Side;
}

interface Side {
  readonly ref: string;
  readonly sha: string;
  /** Null: the fork was deleted. */
  readonly repo: { readonly id: number | bigint } | null;
}

export function toPull({ number, title, html_url: url, state, draft, head, base }: PullAnswer): PullRequest {
  return {
    number,
    title,
    url,
    open: state === "open",
    draft: draft === true,
    branch: head.ref,
    // One whose repository is gone was never this one.
    fork: head.repo?.id !== base.repo?.id,
    commit: head.sha,
  };
}
