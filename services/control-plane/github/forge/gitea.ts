import { askGitea, findGitea, GiteaError } from "../../../../lib/gitea.ts";
import type { Branch, Comparison, ForgeRepository } from "../ports.ts";
import {
  type By,
  type Check,
  type Checks,
  type CommitStatus,
  ForgeError,
  type GitLogin,
  type OpenRepositoryForge,
  type PullRequest,
  type RepositoryForge,
} from "./forge.ts";
import { type PullAnswer, toPull } from "./pulls.ts";
import { commonPrefix, short } from "./texts.ts";

/** What a page of an answer has at most, unless the Gitea's owner says less. */
const PAGE = 50;
/** Pages that are read of branches, and of checks. */
const PAGES = 40;
/** Repositories that a search finds. */
const FOUND = 30;
/** Milliseconds for which a Gitea is left alone that says of a limit and of no time. */
const PAUSE_MS = 60_000;

export const openGiteaForge: OpenRepositoryForge = (by) => new GiteaForge(by);

/** A Gitea or Forgejo. It has commit statuses, which its Actions report by too, and neither check runs nor deployments. */
class GiteaForge implements RepositoryForge {
  readonly #by: By;
  readonly #token: string;

  constructor(by: By) {
    this.#by = by;
    if (!("token" in by.credential)) throw new ForgeError("refused", "a Gitea has no Apps: connect by a token");
    this.#token = by.credential.token;
  }

  async login(): Promise<string> {
    return (await this.#ask<{ login: string }>("its account", "GET", "user")).login;
  }

  async repository(name: string): Promise<ForgeRepository> {
    return toRepository(await this.#ask<RepositoryAnswer>(name, "GET", place(name)));
  }

  async repositoryById(id: number): Promise<ForgeRepository> {
    return toRepository(await this.#ask<RepositoryAnswer>(`the repository ${id}`, "GET", `repositories/${id}`));
  }

  async branches(name: string): Promise<readonly Branch[]> {
    const found = await this.#pages<BranchAnswer>(name, `${place(name)}/branches`);
    return found.map(({ name: branch, commit }) => ({ name: branch, head: commit.id }));
  }

  async heads(name: string, branches: readonly string[]): Promise<ReadonlyMap<string, string>> {
    // One request, as at GitHub; what begins with none of them is not asked for.
    const path = `${place(name)}/git/refs/heads/${encoded(commonPrefix(branches))}`;
    const refs = await this.#find<readonly RefAnswer[] | RefAnswer>(name, path.replace(/\/$/, ""));
    const wanted = new Set(branches.map((branch) => `refs/heads/${branch}`));
    const all = refs === undefined ? [] : Array.isArray(refs) ? (refs as readonly RefAnswer[]) : [refs as RefAnswer];
    const heads = all.filter(({ ref }) => wanted.has(ref));
    return new Map(heads.map(({ ref, object }) => [ref.slice("refs/heads/".length), object.sha]));
  }

  async search(words: string): Promise<readonly ForgeRepository[]> {
    const query = new URLSearchParams({ q: words, sort: "updated", order: "desc", limit: String(PAGE) });
    const { data } = await this.#ask<{ data: readonly RepositoryAnswer[] }>(
      "its repositories",
      "GET",
      `repos/search?${query}`,
    );
    // Without those of strangers that everybody may see.
    const own = data.filter(({ permissions, private: hidden }) => hidden || permissions?.push === true);
    return own.slice(0, FOUND).map(toRepository);
  }

  async compare(name: string, base: string, head: string): Promise<Comparison> {
    const path = `${place(name)}/compare/${encoded(base)}...${encoded(head)}`;
    const what = `${name} between ${base} and ${head}`;
    const { total_commits: ahead, commits } = await this.#ask<CompareAnswer>(what, "GET", path);
    return {
      ahead,
      // The newest stands first.
      commits: commits.toReversed().map(({ sha, commit: { message, author } }) => ({
        sha,
        message: message.trimEnd(),
        author: { name: author?.name ?? "", date: author?.date ?? "" },
      })),
    };
  }

  async checks(name: string, commit: string): Promise<Checks> {
    const path = `${place(name)}/commits/${commit}/status`;
    const what = `${name} at ${commit.slice(0, 7)}`;
    const all: Check[] = [];
    for (let page = 1; page <= PAGES; page++) {
      const { total_count: total, statuses } = await this.#ask<StatusesAnswer>(
        what,
        "GET",
        `${path}?page=${page}&limit=${PAGE}`,
      );
      all.push(...(statuses ?? []).map(toCheck));
      if ((statuses ?? []).length === 0 || all.length >= total) break;
    }
    return { all, hidden: [] };
  }

  async setStatus(name: string, sha: string, { state, context, description, url }: CommitStatus): Promise<void> {
    const status = { state, context, description: short(description), target_url: url };
    await this.#ask(name, "POST", `${place(name)}/statuses/${sha}`, status);
  }

  deployment(): Promise<number> {
    return Promise.reject(lacking());
  }

  setDeployment(): Promise<void> {
    return Promise.reject(lacking());
  }

  async pulls(name: string): Promise<readonly PullRequest[]> {
    const path = `${place(name)}/pulls?state=open`;
    const pulls: PullRequest[] = [];
    for (let page = 1; page <= PAGES; page++) {
      const some = await this.#ask<readonly PullAnswer[]>(name, "GET", `${path}&page=${page}&limit=${PAGE}`);
      pulls.push(...some.map(toPull));
      if (some.length === 0) break;
    }
    return pulls;
  }

  async pull(name: string, number: number): Promise<PullRequest | undefined> {
    const found = await this.#find<PullAnswer>(`${name}#${number}`, `${place(name)}/pulls/${number}`);
    return found && toPull(found);
  }

  async changedFiles(name: string, number: number): Promise<readonly string[]> {
    const files = await this.#pages<{ filename: string }>(`${name}#${number}`, `${place(name)}/pulls/${number}/files`);
    return files.map(({ filename }) => filename);
  }

  async mayWrite(name: string, login: string): Promise<boolean> {
    const path = `${place(name)}/collaborators/${encodeURIComponent(login)}/permission`;
    const { permission } = await this.#ask<{ permission: string }>(`${login} at ${name}`, "GET", path);
    return ["owner", "admin", "write"].includes(permission);
  }

  /** It sends the head of the default branch as a push. */
  async ping(name: string, hook: string): Promise<void> {
    await this.#ask(name, "POST", `${place(name)}/hooks/${hook}/tests`);
  }

  gitLogin(): Promise<GitLogin> {
    return Promise.resolve({ username: "dynoform", password: this.#token });
  }

  async #pages<T>(what: string, path: string): Promise<T[]> {
    const all: T[] = [];
    for (let page = 1; page <= PAGES; page++) {
      // Of a repository without a commit it is null.
      const some = (await this.#ask<readonly T[] | null>(what, "GET", `${path}?page=${page}&limit=${PAGE}`)) ?? [];
      all.push(...some);
      if (some.length === 0) break;
    }
    return all;
  }

  /** @param what was asked about, for messages */
  async #ask<T>(what: string, method: string, path: string, body?: object): Promise<T> {
    try {
      return await askGitea<T>({ baseUrl: this.#by.baseUrl, token: this.#token }, method, path, body);
    } catch (error) {
      throw toForgeError(error, what);
    }
  }

  /** Undefined: there is none. */
  async #find<T>(what: string, path: string): Promise<T | undefined> {
    try {
      return await findGitea<T>({ baseUrl: this.#by.baseUrl, token: this.#token }, path);
    } catch (error) {
      throw toForgeError(error, what);
    }
  }
}

interface RepositoryAnswer {
  readonly id: number;
  readonly full_name: string;
  readonly default_branch: string;
  readonly private: boolean;
  readonly html_url: string;
  readonly clone_url: string;
  readonly permissions?: { readonly push: boolean } | null;
}

interface BranchAnswer {
  readonly name: string;
  readonly commit: { readonly id: string };
}

interface RefAnswer {
  readonly ref: string;
  readonly object: { readonly sha: string };
}

interface CompareAnswer {
  readonly total_commits: number;
  readonly commits: readonly {
    readonly sha: string;
    readonly commit: {
      readonly message: string;
      readonly author: { readonly name: string; readonly date: string } | null;
    };
  }[];
}

interface StatusesAnswer {
  readonly total_count: number;
  readonly statuses: readonly { readonly context: string; readonly status: string }[] | null;
}

function toRepository(answer: RepositoryAnswer): ForgeRepository {
  return {
    id: answer.id,
    fullName: answer.full_name,
    defaultBranch: answer.default_branch,
    private: answer.private,
    htmlUrl: answer.html_url,
    cloneUrl: answer.clone_url,
  };
}

/** One that was skipped is as good as one that passed; a warning is none of both, and so did not pass. */
function toCheck({ context, status }: { readonly context: string; readonly status: string }): Check {
  if (status === "success" || status === "skipped") return { name: context, state: "passed" };
  return { name: context, state: status === "pending" ? "pending" : "failed" };
}

function lacking(): ForgeError {
  return new ForgeError("lacking", "a Gitea has none");
}

/** Says in one line why a Gitea did not do what it was asked. */
function toForgeError(error: unknown, what: string): unknown {
  if (!(error instanceof GiteaError)) return error;
  const { status, said, retryAfter, message } = error;
  if (status === 0) return new ForgeError("unreachable", message);
  if (status === 429) {
    const pause = retryAfter === undefined ? PAUSE_MS : retryAfter * 1000;
    const again = `Gitea wants to be asked less: again in ${Math.ceil(pause / 1000)} seconds`;
    return new ForgeError("limited", again, Date.now() + pause);
  }
  if (status === 401) {
    return new ForgeError("refused", "Gitea refuses the token: it was revoked, or is wrong. Connect again.");
  }
  if (status === 404) return new ForgeError("absent", `${what} is not there, or the token may not see it`);
  if (status === 403) return new ForgeError("forbidden", `the token may not do this with ${what}: ${said}`);
  if (status >= 500) return new ForgeError("unreachable", `Gitea has trouble of its own (${status})`);
  return new ForgeError("other", `Gitea refuses this for ${what}: ${said || status}`);
}

function place(name: string): string {
  return `repos/${encoded(name)}`;
}

/** Slashes are part of names. */
function encoded(name: string): string {
  return name.split("/").map(encodeURIComponent).join("/");
}
