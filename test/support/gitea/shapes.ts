import { type DeployKey, fullName, type Hook, type Repository, type Status, type User } from "../github/state.ts";

const TIME = "2026-01-01T00:00:00Z";

export function userShape({ id, login }: User) {
  return { id, login, full_name: "", email: `${login}@example.com`, is_admin: false, created: TIME };
}

/** @param push whether whoever asks may push */
export function repositoryShape(repository: Repository, url: string, push: boolean) {
  const at = `${url}/${fullName(repository)}`;
  return {
    id: repository.id,
    owner: userShape(repository.owner),
    name: repository.name,
    full_name: fullName(repository),
    private: repository.private,
    html_url: at,
    clone_url: `${at}.git`,
    default_branch: repository.defaultBranch,
    permissions: { admin: push, push, pull: true },
    created_at: repository.createdAt,
    updated_at: repository.createdAt,
  };
}

/** The secret is never shown. */
export function hookShape({ id, active, events, config, createdAt, updatedAt }: Hook) {
  return {
    id,
    type: "gitea",
    branch_filter: "",
    active,
    events: [...events],
    authorization_header: "",
    config: { content_type: config.content_type, url: config.url },
    created_at: createdAt,
    updated_at: updatedAt,
  };
}

export function keyShape({ id, key, title, readOnly, createdAt }: DeployKey) {
  return { id, key_id: id, key, title, read_only: readOnly, created_at: createdAt };
}

export function statusShape({ id, state, context, description, targetUrl, creator, at }: Status) {
  return {
    id,
    status: state,
    context,
    description: description ?? "",
    target_url: targetUrl ?? "",
    creator: userShape(creator),
    created_at: at,
    updated_at: at,
  };
}

/** The last of each context. */
export function combinedShape(sha: string, all: readonly Status[]) {
  const latest = [...new Map(all.map((status) => [status.context, status])).values()];
  const has = (state: Status["state"]) => latest.some((status) => status.state === state);
  const state = has("error") ? "error" : has("failure") ? "failure" : has("pending") ? "pending" : "success";
  return {
    sha,
    state: latest.length === 0 ? "pending" : state,
    total_count: latest.length,
    statuses: latest.map(statusShape),
  };
}
