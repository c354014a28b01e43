import type { Client } from "./client.ts";
import type { Workflow } from "./workflow.ts";

/** Characters that GitHub takes in a comment. */
export const COMMENT_LIMIT = 65_536;

/** Begins our comment, and is not seen by people. */
export function markerOf(project: string): string {
  return `<!-- dynoform ${project.replaceAll(/[^\w.-]/g, "")} -->\n`;
}

/**
 * Writes the one comment of a pull request: edits it wherever it stands, and makes it where there is none.
 *
 * @param text begins with the marker
 */
export async function writeComment(
  client: Client,
  { repository }: Workflow,
  issue: number,
  marker: string,
  text: string,
): Promise<void> {
  const [owner = "", repo = ""] = repository.split("/");
  const at = { owner, repo };
  const [first] = await own(client, repository, issue, marker);
  if (first !== undefined) {
    await client.rest.issues.updateComment({ ...at, comment_id: first, body: text });
    return;
  }
  const { data } = await client.rest.issues.createComment({ ...at, issue_number: issue, body: text });
  // Another job may have made one meanwhile: the older one stays.
  const [older] = await own(client, repository, issue, marker);
  if (older === undefined || older === data.id) return;
  await client.rest.issues.updateComment({ ...at, comment_id: older, body: text });
  await client.rest.issues.deleteComment({ ...at, comment_id: data.id });
}

/** Comments of ours, the oldest first. Somebody else's may begin alike, and the job's token could write in it. */
async function own(client: Client, repository: string, issue: number, marker: string): Promise<number[]> {
  const [owner = "", repo = ""] = repository.split("/");
  const all = await client.paginate(client.rest.issues.listComments, {
    owner,
    repo,
    issue_number: issue,
    per_page: 100,
  });
  const alike = all.filter(({ body }) => body?.startsWith(marker.trim()));
  const doubtful = alike.some(({ user }) => user?.type !== "Bot");
  const me = doubtful ? await login(client) : undefined;
  return alike
    .filter(({ user }) => user?.type === "Bot" || (me !== undefined && user?.login === me))
    .map(({ id }) => Number(id))
    .sort((a, b) => a - b);
}

/** Whose token it is; undefined: nobody's, as the job's own is. */
async function login(client: Client): Promise<string | undefined> {
  return client.rest.users.getAuthenticated().then(
    ({ data }) => data.login,
    () => undefined,
  );
}
