import { type Call, page, type Route, repositoryOf, route } from "../call.ts";
import { nodeId, repositoryShape, userShape } from "../shapes.ts";
import { fullName, type Pull, type Repository } from "../state.ts";

/** `pull-request-simple`. */
async function pullShape(pull: Pull, repository: Repository, call: Call) {
  const at = `${call.api}/repos/${fullName(repository)}`;
  const own = `${at}/pulls/${pull.number}`;
  const issue = `${at}/issues/${pull.number}`;
  const html = `${call.url}/${fullName(repository)}/pull/${pull.number}`;
  const side = async (branch: string) => ({
    label: `${repository.owner.login}:${branch}`,
    ref: branch,
    sha: (await repository.git.head(branch)) ?? "",
    user: userShape(repository.owner, call),
    repo: repositoryShape(repository, call),
  });
  const head = await side(pull.head);
  const links = {
    self: own,
    html,
    issue,
    comments: `${issue}/comments`,
    review_comments: `${own}/comments`,
    review_comment: `${at}/pulls/comments{/number}`,
    commits: `${own}/commits`,
    statuses: `${at}/statuses/${head.sha}`,
  };
  return {
    url: own,
    id: pull.id,
    node_id: nodeId("PR", pull.id),
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issue,
    commits_url: links.commits,
    review_comments_url: links.review_comments,
    review_comment_url: links.review_comment,
    comments_url: links.comments,
    statuses_url: links.statuses,
    number: pull.number,
    state: pull.state,
    locked: false,
    title: pull.title,
    user: userShape(pull.user, call),
    body: null,
    labels: [],
    milestone: null,
    created_at: pull.at,
    updated_at: pull.at,
    closed_at: pull.state === "closed" ? pull.at : null,
    merged_at: null,
    merge_commit_sha: null,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    head,
    base: await side(pull.base),
    _links: Object.fromEntries(Object.entries(links).map(([name, href]) => [name, { href }])),
    author_association: "OWNER",
    auto_merge: null,
    draft: false,
  };
}

export const pullRoutes: readonly Route[] = [
  route("GET", "/repos/{owner}/{repo}/pulls", async (call) => {
    const repository = repositoryOf(call);
    const state = call.query.get("state") ?? "open";
    const found = repository.pulls.filter((pull) => state === "all" || pull.state === state).toReversed();
    const shapes = await Promise.all(found.map((pull) => pullShape(pull, repository, call)));
    return page(call, shapes, `/repos/${fullName(repository)}/pulls`, (items) => items);
  }),
];
