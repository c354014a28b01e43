import { commitShape, nodeId, type Place, userShape, utc } from "./shapes.ts";
import { type CheckSuite, fullName, now, type Repository, type Status } from "./state.ts";

const SINCE = "2020-01-01T00:00:00Z";

/** `integration`: the app that checks, such as GitHub Actions. */
export function checkingApp(slug: string, repository: Repository, place: Place) {
  return {
    id: 15368,
    slug,
    node_id: nodeId("A", 15368),
    owner: userShape(repository.owner, place),
    name: slug,
    description: "",
    external_url: `${place.url}/apps/${slug}`,
    html_url: `${place.url}/apps/${slug}`,
    created_at: SINCE,
    updated_at: SINCE,
    permissions: { checks: "write" },
    events: [],
  };
}

/** A suite's own: `queued` until something runs, which is for ever where nothing does. */
export function suiteState({ runs }: CheckSuite): { readonly status: string; readonly conclusion: string | null } {
  if (runs.length === 0) return { status: "queued", conclusion: null };
  if (runs.some(({ status }) => status !== "completed")) return { status: "in_progress", conclusion: null };
  const conclusions = runs.map(({ conclusion }) => conclusion);
  const bad = conclusions.find((each) => !["success", "neutral", "skipped"].includes(each ?? ""));
  const passed = conclusions.includes("success") ? "success" : "neutral";
  return { status: "completed", conclusion: bad ?? passed };
}

/** What a `check_suite` of the API and one of an event have in common. */
export async function suiteShape(suite: CheckSuite, repository: Repository, place: Place) {
  const at = `${place.api}/repos/${fullName(repository)}/check-suites/${suite.id}`;
  const commit = await repository.git.read(suite.sha);
  const person = { name: commit?.name ?? "", email: commit?.email ?? "" };
  return {
    id: suite.id,
    node_id: nodeId("CS", suite.id),
    head_branch: suite.branch,
    head_sha: suite.sha,
    ...suiteState(suite),
    url: at,
    before: commit?.parents[0] ?? null,
    after: suite.sha,
    pull_requests: [],
    app: checkingApp(suite.app, repository, place),
    created_at: now(),
    updated_at: now(),
    latest_check_runs_count: suite.runs.length,
    check_runs_url: `${at}/check-runs`,
    head_commit: {
      id: suite.sha,
      tree_id: commit?.tree ?? "",
      message: commit?.message ?? "",
      timestamp: utc(commit?.date ?? SINCE),
      author: person,
      committer: person,
    },
  };
}

/** The payload of `status`, without repository and sender. */
export async function statusPayload(repository: Repository, status: Status, place: Place) {
  const commit = await repository.git.read(status.sha);
  if (commit === undefined) throw new Error(`${status.sha} is no commit`);
  const { commit: details, ...shape } = commitShape(commit, repository, place);
  const { verified_at, ...verification } = details.verification;
  const branches = [...(await repository.git.branches())].filter(([, sha]) => sha === status.sha);
  return {
    id: status.id,
    sha: status.sha,
    name: fullName(repository),
    avatar_url: null,
    target_url: status.targetUrl,
    context: status.context,
    description: status.description,
    state: status.state,
    commit: { ...shape, commit: { ...details, verification } },
    branches: branches.map(([name, sha]) => ({ name, commit: { sha, url: shape.url }, protected: false })),
    created_at: status.at,
    updated_at: status.at,
  };
}
