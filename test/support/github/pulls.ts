import { nodeId, type Place, repositoryShape, userShape } from "./shapes.ts";
import { fullName, type Pull, type Repository } from "./state.ts";

/** `pull-request-simple`. */
export async function pullShape(pull: Pull, repository: Repository, place: Place) {
  const at = `${place.api}/repos/${fullName(repository)}`;
  const own = `${at}/pulls/${pull.number}`;
  const issue = `${at}/issues/${pull.number}`;
  const html = `${place.url}/${fullName(repository)}/pull/${pull.number}`;
  const side = async (of: Repository, branch: string) => ({
    label: `${of.owner.login}:${branch}`,
    ref: branch,
    sha: (await of.git.head(branch)) ?? "",
    user: userShape(of.owner, place),
    repo: repositoryShape(of, place),
  });
  await repository.git.keepPull(pull.number, pull.from.git, pull.head);
  const head = await side(pull.from, pull.head);
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
    user: userShape(pull.user, place),
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
    base: await side(repository, pull.base),
    _links: Object.fromEntries(Object.entries(links).map(([name, href]) => [name, { href }])),
    author_association: "OWNER",
    auto_merge: null,
    draft: pull.draft,
  };
}

/** `pull-request`. */
export async function wholePullShape(pull: Pull, repository: Repository, place: Place) {
  return {
    ...(await pullShape(pull, repository, place)),
    merged: false,
    mergeable: true,
    rebaseable: true,
    mergeable_state: "clean",
    active_lock_reason: null,
    merged_by: null,
    comments: 0,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: 1,
    additions: 1,
    deletions: 1,
    changed_files: 1,
  };
}
