import type { GitHub } from "../github/github.ts";
import { fullName, now, type Repository, type Status, type Token } from "../github/state.ts";
import { combinedShape, hookShape, keyShape, repositoryShape, statusShape, userShape } from "./shapes.ts";

interface GiteaCall {
  readonly world: GitHub;
  /** Where this Gitea is. */
  readonly url: string;
  readonly token: Token;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  // biome-ignore lint/suspicious/noExplicitAny: each route knows what it was sent
  readonly body: any;
}

/** A refusal by its status. */
export class GiteaRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

type Answer = readonly [status: number, body?: unknown];

/** By operations, as the description names them. */
export const ROUTES: Readonly<Record<string, (call: GiteaCall) => Answer | Promise<Answer>>> = {
  "GET /user": ({ token }) => [200, userShape(token.user)],
  "GET /repositories/{id}": (call) => shown(call, (each) => each.id === Number(call.params.id)),
  "GET /repos/search": (call) => {
    const words = (call.query.get("q") ?? "").toLowerCase();
    const found = call.world.state.repositories.filter((each) => sees(call, each) && fullName(each).includes(words));
    return [200, { ok: true, data: found.map((each) => shapeOf(call, each)) }];
  },
  "GET /repos/{owner}/{repo}": (call) => [200, shapeOf(call, repositoryOf(call))],
  "GET /repos/{owner}/{repo}/branches": async (call) => {
    const all = [...(await repositoryOf(call).git.branches())];
    return [200, paged(call, all).map(([name, id]) => ({ name, commit: { id } }))];
  },
  "GET /repos/{owner}/{repo}/branches/{branch}": async (call) => {
    const { branch: name = "" } = call.params;
    const id = await repositoryOf(call).git.head(name);
    if (id === undefined) throw new GiteaRefusal(404, "The target couldn't be found.");
    return [200, { name, commit: { id } }];
  },
  "GET /repos/{owner}/{repo}/git/refs/{ref}": async (call) => {
    const all = [...(await repositoryOf(call).git.branches())].map(
      ([name, sha]) => [`refs/heads/${name}`, sha] as const,
    );
    const found = all.filter(([ref]) => ref.startsWith(`refs/${call.params.ref}`));
    if (found.length === 0) throw new GiteaRefusal(404, "The target couldn't be found.");
    return [200, found.map(([ref, sha]) => ({ ref, url: call.url, object: { type: "commit", sha, url: call.url } }))];
  },
  "GET /repos/{owner}/{repo}/compare/{basehead}": async (call) => {
    const { git } = repositoryOf(call);
    const [base, head] = await Promise.all((call.params.basehead ?? "").split("...").map(git.resolve));
    if (base === undefined || head === undefined) throw new GiteaRefusal(404, "The target couldn't be found.");
    const shas = (await git.between(base, head)).toReversed();
    const commits = await Promise.all(
      shas.map(async (sha) => {
        const { message = "", name = "", email = "", date = "" } = (await git.read(sha)) ?? {};
        return { sha, commit: { message: `${message}\n`, author: { name, email, date } } };
      }),
    );
    return [200, { total_commits: commits.length, commits }];
  },
  "GET /repos/{owner}/{repo}/commits/{ref}/status": (call) => {
    const { ref = "" } = call.params;
    const all = repositoryOf(call).statuses.filter(({ sha }) => sha === ref);
    return [200, combinedShape(ref, Number(call.query.get("page") ?? 1) > 1 ? [] : all)];
  },
  "POST /repos/{owner}/{repo}/statuses/{sha}": (call) => {
    const { state, context, description, target_url: targetUrl } = call.body;
    const about = { sha: call.params.sha ?? "", creator: call.token.user, at: now() };
    const status: Status = { id: call.world.state.next(), state, context, description, targetUrl, ...about };
    repositoryOf(call).statuses.push(status);
    return [201, statusShape(status)];
  },
  "GET /repos/{owner}/{repo}/hooks": (call) => [200, [...repositoryOf(call).hooks.values()].map(hookShape)],
  "POST /repos/{owner}/{repo}/hooks": (call) => {
    const { config, events, active = false } = call.body;
    const times = { createdAt: now(), updatedAt: now() };
    const id = call.world.state.next();
    const hook = { id, active, events, config: { insecure_ssl: "0", ...config }, ...times, deliveries: [] };
    repositoryOf(call).hooks.set(id, hook);
    return [201, hookShape(hook)];
  },
  "GET /repos/{owner}/{repo}/hooks/{id}": (call) => [200, hookShape(hookOf(call)[1])],
  "DELETE /repos/{owner}/{repo}/hooks/{id}": (call) => {
    const [repository, { id }] = hookOf(call);
    repository.hooks.delete(id);
    return [204];
  },
  "POST /repos/{owner}/{repo}/hooks/{id}/tests": (call) => {
    const [repository, hook] = hookOf(call);
    call.world.deliveries.emit(repository, "ping", { zen: "", hook_id: hook.id }, hook);
    return [204];
  },
  "GET /repos/{owner}/{repo}/keys": (call) => [200, [...repositoryOf(call).keys.values()].map(keyShape)],
  "POST /repos/{owner}/{repo}/keys": (call) => {
    const { key, title, read_only: readOnly } = call.body;
    const made = { id: call.world.state.next(), key, title, readOnly, createdAt: now() };
    repositoryOf(call).keys.set(made.id, made);
    return [201, keyShape(made)];
  },
  "GET /repos/{owner}/{repo}/keys/{id}": (call) => {
    const found = repositoryOf(call).keys.get(Number(call.params.id));
    if (found === undefined) throw new GiteaRefusal(404, "The target couldn't be found.");
    return [200, keyShape(found)];
  },
  "DELETE /repos/{owner}/{repo}/keys/{id}": (call) => {
    repositoryOf(call).keys.delete(Number(call.params.id));
    return [204];
  },
};

function sees({ token }: GiteaCall, { private: hidden, owner }: Repository): boolean {
  return !hidden || owner.login === token.user.login;
}

function shown(call: GiteaCall, wanted: (each: Repository) => boolean): Answer {
  const found = call.world.state.repositories.find((each) => wanted(each) && sees(call, each));
  if (found === undefined) throw new GiteaRefusal(404, "The target couldn't be found.");
  return [200, shapeOf(call, found)];
}

function shapeOf({ url, token }: GiteaCall, repository: Repository) {
  return repositoryShape(repository, url, repository.owner.login === token.user.login);
}

function repositoryOf(call: GiteaCall): Repository {
  const wanted = `${call.params.owner}/${call.params.repo}`.toLowerCase();
  const found = call.world.state.repositories.find((each) => fullName(each).toLowerCase() === wanted);
  if (found === undefined || !sees(call, found)) throw new GiteaRefusal(404, "The target couldn't be found.");
  return found;
}

function hookOf(call: GiteaCall) {
  const repository = repositoryOf(call);
  const hook = repository.hooks.get(Number(call.params.id));
  if (hook === undefined) throw new GiteaRefusal(404, "The target couldn't be found.");
  return [repository, hook] as const;
}

function paged<T>({ query }: GiteaCall, all: readonly T[]): readonly T[] {
  const [page, limit] = [Number(query.get("page") ?? 1), Number(query.get("limit") ?? 30)];
  return all.slice((page - 1) * limit, page * limit);
}
