import { appendFile } from "node:fs/promises";
import { messageOf } from "../../../../lib/errors.ts";
import { markdownOf } from "../markdown.ts";
import { headline, type Report, type Verdict, verdictOf } from "../report.ts";
import { annotations } from "./annotations.ts";
import { openClient } from "./client.ts";
import { COMMENT_LIMIT, markerOf, writeComment } from "./comment.ts";
import type { Workflow } from "./workflow.ts";

/** Bytes that GitHub takes in a job's summary. */
const SUMMARY_LIMIT = 1 << 20;

/** Characters of a status' description. */
const DESCRIPTION_LIMIT = 140;

interface PublishOptions {
  readonly comment: boolean;
  readonly status: boolean;
  /** The job's summary; undefined: there is none. */
  readonly summary: string | undefined;
  /** Told what could not be written. */
  readonly warn: (line: string) => void;
  /** Writes lines that the runner reads. */
  readonly print: (line: string) => void;
}

/**
 * Shows a report where GitHub shows such things: annotations, the job's summary, a comment and a commit's status. A token
 * that may not write, as that of a fork's pull request, is no failure: the summary has it all.
 */
export async function publish(report: Report, workflow: Workflow, options: PublishOptions): Promise<void> {
  const { comment, status, summary, warn, print } = options;
  for (const line of annotations(report)) print(line);
  if (summary !== undefined && summary !== "") {
    // A character is three bytes at most where a string has one unit for it.
    await appendFile(summary, markdownOf(report, SUMMARY_LIMIT / 3));
  }
  const { token, pull } = workflow;
  const writesComment = comment && pull !== undefined;
  if (token === undefined) {
    if (writesComment || status) {
      warn(
        "there is no GITHUB_TOKEN, so there is no comment and no status: give the step the variable GITHUB_TOKEN, from `github.token`.",
      );
    }
    return;
  }
  const client = openClient(workflow);
  const attempt = (what: string, permission: string, write: () => Promise<unknown>) =>
    write().catch((error: unknown) => {
      const { status: code } = error as { status?: number };
      const why =
        code === 403 || code === 404 ? `the token may not (\`permissions: ${permission}: write\`)` : messageOf(error);
      warn(`the ${what} is not written: ${why}`);
    });
  if (writesComment) {
    const marker = markerOf(report.project);
    const text = `${marker}${markdownOf(report, COMMENT_LIMIT - marker.length)}`;
    await attempt("comment", "pull-requests", () => writeComment(client, workflow, pull, marker, text));
  }
  if (status) await attempt("status", "statuses", () => writeStatus(client, workflow, report));
}

const STATES: Readonly<Record<Verdict, "success" | "failure" | "error">> = {
  nothing: "success",
  changes: "success",
  refused: "failure",
  failed: "error",
};

function writeStatus(client: ReturnType<typeof openClient>, { repository, sha, url }: Workflow, report: Report) {
  const [owner = "", repo = ""] = repository.split("/");
  return client.rest.repos.createCommitStatus({
    owner,
    repo,
    sha,
    state: STATES[verdictOf(report)],
    context: `dynoform/${report.project}`,
    description: headline(report).slice(0, DESCRIPTION_LIMIT),
    target_url: url,
  });
}
