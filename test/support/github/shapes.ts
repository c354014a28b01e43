import type { CommitDetails } from "./bare-repository.ts";
import { fullName, type Repository, type User } from "./state.ts";

/** Where this GitHub is: the site, and its REST API. */
export interface Place {
  readonly url: string;
  readonly api: string;
}

export function nodeId(kind: string, id: number): string {
  return Buffer.from(`${kind}${id}`).toString("base64url");
}

/** `simple-user`. */
export function userShape({ id, login, type }: User, { url, api }: Place) {
  const at = `${api}/users/${login}`;
  return {
    login,
    id,
    node_id: nodeId("U", id),
    avatar_url: `${url}/avatars/u/${id}`,
    gravatar_id: "",
    url: at,
    html_url: `${url}/${login}`,
    followers_url: `${at}/followers`,
    following_url: `${at}/following{/other_user}`,
    gists_url: `${at}/gists{/gist_id}`,
    starred_url: `${at}/starred{/owner}{/repo}`,
    subscriptions_url: `${at}/subscriptions`,
    organizations_url: `${at}/orgs`,
    repos_url: `${at}/repos`,
    events_url: `${at}/events{/privacy}`,
    received_events_url: `${at}/received_events`,
    type,
    site_admin: false,
  };
}

/** What `X_url` is of a repository, after its own URL. */
const PARTS: Readonly<Record<string, string>> = {
  archive: "/{archive_format}{/ref}",
  assignees: "/assignees{/user}",
  blobs: "/git/blobs{/sha}",
  branches: "/branches{/branch}",
  collaborators: "/collaborators{/collaborator}",
  comments: "/comments{/number}",
  commits: "/commits{/sha}",
  compare: "/compare/{base}...{head}",
  contents: "/contents/{+path}",
  contributors: "/contributors",
  deployments: "/deployments",
  downloads: "/downloads",
  events: "/events",
  forks: "/forks",
  git_commits: "/git/commits{/sha}",
  git_refs: "/git/refs{/sha}",
  git_tags: "/git/tags{/sha}",
  hooks: "/hooks",
  issue_comment: "/issues/comments{/number}",
  issue_events: "/issues/events{/number}",
  issues: "/issues{/number}",
  keys: "/keys{/key_id}",
  labels: "/labels{/name}",
  languages: "/languages",
  merges: "/merges",
  milestones: "/milestones{/number}",
  notifications: "/notifications{?since,all,participating}",
  pulls: "/pulls{/number}",
  releases: "/releases{/id}",
  stargazers: "/stargazers",
  statuses: "/statuses/{sha}",
  subscribers: "/subscribers",
  subscription: "/subscription",
  tags: "/tags",
  teams: "/teams",
  trees: "/git/trees{/sha}",
};

/** `minimal-repository`. */
export function minimalShape(repository: Repository, place: Place) {
  const name = fullName(repository);
  const at = `${place.api}/repos/${name}`;
  return {
    id: repository.id,
    node_id: nodeId("R", repository.id),
    name: repository.name,
    full_name: name,
    private: repository.private,
    owner: userShape(repository.owner, place),
    html_url: `${place.url}/${name}`,
    description: null,
    fork: false,
    url: at,
    ...Object.fromEntries(Object.entries(PARTS).map(([part, end]) => [`${part}_url`, `${at}${end}`])),
  };
}

/** `repository`. */
export function repositoryShape(repository: Repository, place: Place) {
  const name = fullName(repository);
  const { createdAt } = repository;
  return {
    ...minimalShape(repository, place),
    git_url: `git://${new URL(place.url).host}/${name}.git`,
    ssh_url: `git@${new URL(place.url).hostname}:${name}.git`,
    clone_url: `${place.url}/${name}.git`,
    svn_url: `${place.url}/${name}`,
    mirror_url: null,
    homepage: null,
    language: null,
    forks: 0,
    forks_count: 0,
    stargazers_count: 0,
    watchers: 0,
    watchers_count: 0,
    size: 1,
    open_issues: 0,
    open_issues_count: 0,
    default_branch: repository.defaultBranch,
    has_issues: true,
    has_projects: true,
    has_wiki: true,
    has_pages: false,
    has_downloads: true,
    has_discussions: false,
    is_template: false,
    topics: [],
    visibility: repository.private ? "private" : "public",
    archived: false,
    disabled: false,
    allow_forking: true,
    web_commit_signoff_required: false,
    license: null,
    pushed_at: createdAt,
    created_at: createdAt,
    updated_at: createdAt,
  };
}

/** `full-repository`. */
export function fullShape(repository: Repository, place: Place, role: string | undefined) {
  return {
    ...repositoryShape(repository, place),
    network_count: 0,
    subscribers_count: 0,
    ...(role !== undefined && {
      permissions: {
        admin: role === "admin",
        maintain: role === "admin",
        push: role !== "read",
        triage: role !== "read",
        pull: true,
      },
      allow_rebase_merge: true,
      allow_squash_merge: true,
      allow_auto_merge: false,
      allow_merge_commit: true,
      allow_update_branch: false,
      delete_branch_on_merge: false,
      squash_merge_commit_title: "COMMIT_OR_PR_TITLE",
      squash_merge_commit_message: "COMMIT_MESSAGES",
      merge_commit_title: "MERGE_MESSAGE",
      merge_commit_message: "PR_TITLE",
    }),
  };
}

/** `commit`. */
export function commitShape(commit: CommitDetails, repository: Repository, place: Place) {
  const at = `${place.api}/repos/${fullName(repository)}`;
  const person = { name: commit.name, email: commit.email, date: utc(commit.date) };
  return {
    sha: commit.sha,
    node_id: nodeId("C", repository.id),
    url: `${at}/commits/${commit.sha}`,
    html_url: `${place.url}/${fullName(repository)}/commit/${commit.sha}`,
    comments_url: `${at}/commits/${commit.sha}/comments`,
    commit: {
      author: person,
      committer: person,
      message: commit.message,
      tree: { sha: commit.tree, url: `${at}/git/trees/${commit.tree}` },
      url: `${at}/git/commits/${commit.sha}`,
      comment_count: 0,
      verification: { verified: false, reason: "unsigned", signature: null, payload: null, verified_at: null },
    },
    author: null,
    committer: null,
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${at}/commits/${sha}`,
      html_url: `${place.url}/${fullName(repository)}/commit/${sha}`,
    })),
  };
}

export function utc(date: string): string {
  return new Date(date).toISOString().replace(/\.\d+Z$/, "Z");
}
