import { type Call, created, ok, page, Refusal, type Route, repositoryOf, route, viewer } from "../call.ts";
import { statusPayload } from "../checks.ts";
import { minimalShape, nodeId, userShape } from "../shapes.ts";
import { fullName, now, type Repository, type Status } from "../state.ts";

/** `simple-commit-status`; with its creator it is a `status`. */
function statusShape(
  { id, sha, state, context, description, targetUrl, at }: Status,
  repository: Repository,
  call: Call,
) {
  return {
    url: `${call.api}/repos/${fullName(repository)}/statuses/${sha}`,
    avatar_url: `${call.url}/avatars/oa/${id}`,
    id,
    node_id: nodeId("SC", id),
    state,
    description,
    target_url: targetUrl,
    context,
    created_at: at,
    updated_at: at,
  };
}

/** The newest of each context. */
function latest(repository: Repository, sha: string): Status[] {
  const contexts = new Map<string, Status>();
  for (const status of repository.statuses) if (status.sha === sha) contexts.set(status.context, status);
  return [...contexts.values()];
}

function combined(statuses: readonly Status[]): string {
  const has = (...states: string[]) => statuses.some(({ state }) => states.includes(state));
  if (has("failure", "error")) return "failure";
  return statuses.length === 0 || has("pending") ? "pending" : "success";
}

async function shaOf(call: Call, repository: Repository): Promise<string> {
  const ref = call.params.ref ?? call.params.sha ?? "";
  const sha = await repository.git.resolve(ref);
  if (sha === undefined)
    throw new Refusal(call.params.ref === undefined ? 422 : 404, `No commit found for SHA: ${ref}`);
  return sha;
}

export const statusRoutes: readonly Route[] = [
  route("POST", "/repos/{owner}/{repo}/statuses/{sha}", async (call) => {
    const repository = repositoryOf(call, "write");
    const { state, context, description, target_url } = call.body as Record<string, string | undefined>;
    if ((description ?? "").length > 140) {
      const message = "description is too long (maximum is 140 characters)";
      throw new Refusal(422, "Validation Failed", [{ resource: "Status", code: "custom", message }]);
    }
    const status: Status = {
      id: call.state.next(),
      sha: await shaOf(call, repository),
      state: state as Status["state"],
      context: context ?? "default",
      description: description ?? null,
      targetUrl: target_url ?? null,
      creator: viewer(call).user,
      at: now(),
    };
    repository.statuses.push(status);
    call.emit(repository, "status", await statusPayload(repository, status, call));
    return created({ ...statusShape(status, repository, call), creator: userShape(status.creator, call) });
  }),
  route("GET", "/repos/{owner}/{repo}/commits/{ref}/status", async (call) => {
    const repository = repositoryOf(call);
    const sha = await shaOf(call, repository);
    const statuses = latest(repository, sha);
    const at = `/repos/${fullName(repository)}/commits/${sha}`;
    return page(call, statuses, `${at}/status`, (items) => ({
      state: combined(statuses),
      statuses: items.map((status) => statusShape(status, repository, call)),
      sha,
      total_count: statuses.length,
      repository: minimalShape(repository, call),
      commit_url: `${call.api}${at}`,
      url: `${call.api}${at}/status`,
    }));
  }),
  route("GET", "/repos/{owner}/{repo}/commits/{ref}/statuses", async (call) => {
    const repository = repositoryOf(call);
    const sha = await shaOf(call, repository);
    const all = repository.statuses.filter((status) => status.sha === sha).toReversed();
    return ok(
      all.map((status) => ({ ...statusShape(status, repository, call), creator: userShape(status.creator, call) })),
    );
  }),
];
