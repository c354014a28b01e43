import type { Branch, Comparison, ForgeRepository } from "../ports.ts";
import { forgeName } from "./addresses.ts";
import { Etags } from "./etags.ts";
import {
  type By,
  type Check,
  type Checks,
  type CommitStatus,
  type DeploymentStatus,
  ForgeError,
  type GitLogin,
  type NewDeployment,
  type OpenRepositoryForge,
  type PullRequest,
  type RepositoryForge,
} from "./forge.ts";
import { type Client, openOctokit } from "./octokit.ts";
import { type Asked, toForgeError, whole } from "./problems.ts";
import { toPull } from "./pulls.ts";
import { commonPrefix, short } from "./texts.ts";

/** What a page of an answer has at most. */
const PAGE = 100;
/** Pages that are read of what a credential may see, when a repository is searched. */
const SEARCHED = 10;
/** Repositories that a search finds. */
const FOUND = 30;
/** Pages of checks: more than a thousand of one commit are not looked at. */
const CHECKED = 10;
/** Pages of open pull requests. */
const PULLED = 10;

export const openGitHubForge: OpenRepositoryForge = (by) => new GitHubForge(by);

/** GitHub, or what speaks like it. */
class GitHubForge implements RepositoryForge {
  readonly #by: By;
  readonly #etags = new Etags();
  #client: Promise<Client> | undefined;

  constructor(by: By) {
    this.#by = by;
  }

  login(): Promise<string> {
    const { credential } = this.#by;
    return this.#ask("its account", async (client, asked) => {
      if ("token" in credential) return whole((await client.rest.users.getAuthenticated()).data, asked).login;
      const installation_id = Number(credential.app.installation);
      const { account } = whole((await client.rest.apps.getInstallation({ installation_id })).data, asked);
      return account === null ? "" : "login" in account ? account.login : (account.slug ?? "");
    });
  }

  repository(name: string): Promise<ForgeRepository> {
    return this.#ask(name, async (client, asked) =>
      toRepository(whole((await client.rest.repos.get(parts(name))).data, asked)),
    );
  }

  repositoryById(id: number): Promise<ForgeRepository> {
    return this.#ask(`the repository ${id}`, async (client, asked) => {
      const data = await this.#etags.ask(`repository ${id}`, (headers) =>
        client.request("GET /repositories/{id}", { id, headers }),
      );
      return toRepository(whole(data as RepositoryAnswer, asked));
    });
  }

  branches(name: string): Promise<readonly Branch[]> {
    return this.#ask(name, async (client, asked) => {
      const found = await client.paginate(client.rest.repos.listBranches, { ...parts(name), per_page: PAGE });
      return whole(found, asked).map(({ name, commit }) => ({ name, head: commit.sha }));
    });
  }

  heads(name: string, branches: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const ref = `heads/${commonPrefix(branches)}`;
    return this.#ask(name, async (client, asked) => {
      const refs = await this.#etags
        .ask(`refs ${name} ${ref}`, (headers) => client.rest.git.listMatchingRefs({ ...parts(name), ref, headers }))
        .catch((error: { readonly status?: unknown }) => {
          // A repository without a commit.
          if (error.status !== 409) throw error;
          return [];
        });
      const wanted = new Set(branches.map((branch) => `refs/heads/${branch}`));
      const heads = whole(refs, asked).filter(({ ref }) => wanted.has(ref));
      return new Map(heads.map(({ ref, object }) => [ref.slice("refs/heads/".length), object.sha]));
    });
  }

  search(words: string): Promise<readonly ForgeRepository[]> {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    return this.#ask("its repositories", async (client, asked) => {
      const found: ForgeRepository[] = [];
      let pages = 0;
      for await (const { data } of this.#pages(client)) {
        for (const each of whole(data, asked) as unknown as RepositoryAnswer[]) {
          const name = each.full_name.toLowerCase();
          if (wanted.every((word) => name.includes(word))) found.push(toRepository(each));
        }
        if (++pages === SEARCHED || found.length >= FOUND) break;
      }
      return found.slice(0, FOUND);
    });
  }

  compare(name: string, base: string, head: string): Promise<Comparison> {
    return this.#ask(`${name} between ${base} and ${head}`, async (client, asked) => {
      const range = { ...parts(name), basehead: `${base}...${head}`, per_page: 250 };
      const { data } = await client.rest.repos.compareCommitsWithBasehead(range);
      const { ahead_by, commits } = whole(data, asked);
      return {
        ahead: ahead_by,
        commits: commits.map(({ sha, commit: { message, author } }) => ({
          sha,
          message,
          author: { name: author?.name ?? "", date: author?.date ?? "" },
        })),
      };
    });
  }

  checks(name: string, commit: string): Promise<Checks> {
    return this.#ask(`${name} at ${commit.slice(0, 7)}`, async (client, asked) => {
      const place = { ...parts(name), ref: commit, per_page: PAGE };
      const hidden: string[] = [];
      const unlessHidden = (what: string, read: Promise<Check[]>) =>
        read.catch((error: unknown) => {
          const problem = toForgeError(error, asked);
          if (problem.problem !== "forbidden") throw problem;
          hidden.push(what);
          return [];
        });
      const statuses = this.#checkPages(`statuses ${name} ${commit}`, asked, async (page, headers) => {
        const { data, headers: answered } = await client.rest.repos.getCombinedStatusForRef({
          ...place,
          page,
          headers,
        });
        return { data, headers: answered };
      });
      const runs = this.#checkPages(`runs ${name} ${commit}`, asked, async (page, headers) => {
        const { data, headers: answered } = await client.rest.checks.listForRef({ ...place, page, headers });
        return { data, headers: answered };
      });
      const all = await Promise.all([unlessHidden("commit statuses", statuses), unlessHidden("check runs", runs)]);
      return { all: all.flat(), hidden };
    });
  }

  async setStatus(name: string, sha: string, { state, context, description, url }: CommitStatus): Promise<void> {
    const status = { state, context, description: short(description), target_url: url };
    await this.#ask(name, (client) => client.rest.repos.createCommitStatus({ ...parts(name), sha, ...status }));
  }

  deployment(name: string, wanted: NewDeployment, { find }: { readonly find: boolean }): Promise<number> {
    const { commit, environment, description, mark, transient = false } = wanted;
    return this.#ask(name, async (client, asked) => {
      if (find) {
        const place = { ...parts(name), sha: commit, environment, per_page: PAGE };
        const present = whole((await client.rest.repos.listDeployments(place)).data, asked);
        const own = present.find(({ payload }) => markOf(payload) === mark);
        if (own !== undefined) return Number(own.id);
      }
      const { data } = await client.rest.repos.createDeployment({
        ...parts(name),
        ref: commit,
        environment,
        description: short(description),
        payload: { dynoform: mark },
        // Else GitHub would merge the default branch into it, or refuse it while a check goes on.
        auto_merge: false,
        required_contexts: [],
        production_environment: false,
        transient_environment: transient,
      });
      const made = whole(data, asked);
      if ("id" in made) return Number(made.id);
      throw new ForgeError("other", `${asked.forge} made no deployment of ${name}: ${made.message ?? "no reason"}`);
    });
  }

  async setDeployment(name: string, id: number, status: DeploymentStatus): Promise<void> {
    const { state, description, environmentUrl, logUrl } = status;
    await this.#ask(name, (client) =>
      client.rest.repos.createDeploymentStatus({
        ...parts(name),
        deployment_id: id,
        state,
        description: short(description),
        auto_inactive: false,
        ...(environmentUrl !== undefined && { environment_url: environmentUrl }),
        ...(logUrl !== undefined && { log_url: logUrl }),
      }),
    );
  }

  pulls(name: string): Promise<readonly PullRequest[]> {
    return this.#ask(name, async (client, asked) => {
      const pulls: PullRequest[] = [];
      for (let page = 1; page <= PULLED; page++) {
        const data = await this.#etags.ask(`pulls ${name} ${page}`, (headers) =>
          client.rest.pulls.list({ ...parts(name), state: "open", per_page: PAGE, page, headers }),
        );
        const some = whole(data, asked);
        pulls.push(...some.map(toPull));
        if (some.length < PAGE) break;
      }
      return pulls;
    });
  }

  pull(name: string, number: number): Promise<PullRequest | undefined> {
    return this.#ask(`${name}#${number}`, async (client, asked) => {
      try {
        const { data } = await client.rest.pulls.get({ ...parts(name), pull_number: number });
        return toPull(whole(data, asked));
      } catch (error) {
        if ((error as { readonly status?: unknown }).status !== 404) throw error;
        return undefined;
      }
    });
  }

  changedFiles(name: string, number: number): Promise<readonly string[]> {
    return this.#ask(`${name}#${number}`, async (client, asked) => {
      const place = { ...parts(name), pull_number: number, per_page: PAGE };
      const files = await client.paginate(client.rest.pulls.listFiles, place);
      return whole(files, asked).map(({ filename }) => filename);
    });
  }

  mayWrite(name: string, login: string): Promise<boolean> {
    return this.#ask(`${login} at ${name}`, async (client, asked) => {
      const place = { ...parts(name), username: login };
      const { data } = await client.rest.repos.getCollaboratorPermissionLevel(place);
      return ["admin", "write"].includes(whole(data, asked).permission);
    });
  }

  async ping(name: string, hook: string): Promise<void> {
    await this.#ask(name, (client) => client.rest.repos.pingWebhook({ ...parts(name), hook_id: Number(hook) }));
  }

  gitLogin(): Promise<GitLogin> {
    const { credential } = this.#by;
    const username = "x-access-token";
    if ("token" in credential) return Promise.resolve({ username, password: credential.token });
    return this.#ask("its installation", async (client) => {
      const { token } = (await client.auth({ type: "installation" })) as { readonly token: string };
      return { username, password: token };
    });
  }

  #pages(client: Client): AsyncIterable<{ data: unknown }> {
    if (!("token" in this.#by.credential)) {
      return client.paginate.iterator(client.rest.apps.listReposAccessibleToInstallation, { per_page: PAGE });
    }
    return client.paginate.iterator(client.rest.repos.listForAuthenticatedUser, { sort: "pushed", per_page: PAGE });
  }

  async #checkPages(
    key: string,
    asked: Asked,
    read: (
      page: number,
      headers: Record<string, string>,
    ) => Promise<{ data: ChecksAnswer; headers: { etag?: string } }>,
  ): Promise<Check[]> {
    const checks: Check[] = [];
    for (let page = 1; page <= CHECKED; page++) {
      const data = await this.#etags.ask(`${key} ${page}`, (headers) => read(page, headers));
      const { total_count, statuses, check_runs } = whole(data, asked);
      const some = [...(statuses ?? []).map(ofStatus), ...(check_runs ?? []).map(ofRun)];
      checks.push(...some);
      if (some.length === 0 || checks.length >= total_count) break;
    }
    return checks;
  }

  /** @param what was asked about, for messages */
  async #ask<T>(what: string, work: (client: Client, asked: Asked) => Promise<T>): Promise<T> {
    const { baseUrl, credential } = this.#by;
    const asked: Asked = { forge: forgeName(baseUrl), what, as: "token" in credential ? "token" : "App" };
    try {
      this.#client ??= openOctokit(this.#by);
      return await work(await this.#client, asked);
    } catch (error) {
      throw toForgeError(error, asked);
    }
  }
}

interface RepositoryAnswer {
  readonly id: number | bigint;
  readonly full_name: string;
  readonly default_branch: string;
  readonly private: boolean;
  readonly html_url: string;
  readonly clone_url?: string;
}

interface ChecksAnswer {
  readonly total_count: number;
  readonly statuses?: readonly { readonly context: string; readonly state: string }[];
  readonly check_runs?: readonly {
    readonly name: string;
    readonly status: string;
    readonly conclusion: string | null;
  }[];
}

function toRepository(answer: RepositoryAnswer): ForgeRepository {
  return {
    id: Number(answer.id),
    fullName: answer.full_name,
    defaultBranch: answer.default_branch,
    private: answer.private,
    htmlUrl: answer.html_url,
    cloneUrl: answer.clone_url ?? `${answer.html_url}.git`,
  };
}

function ofStatus({ context, state }: { readonly context: string; readonly state: string }): Check {
  if (state === "success") return { name: context, state: "passed" };
  return { name: context, state: state === "pending" ? "pending" : "failed" };
}

/** A run that nobody waits for, neutral or skipped, is as good as one that passed. */
function ofRun({
  name,
  status,
  conclusion,
}: {
  readonly name: string;
  readonly status: string;
  readonly conclusion: string | null;
}): Check {
  if (status !== "completed") return { name, state: "pending" };
  const passed = ["success", "neutral", "skipped"].includes(conclusion ?? "");
  return { name, state: passed ? "passed" : "failed" };
}

function parts(name: string): { owner: string; repo: string } {
  const [owner = "", repo = ""] = name.split("/", 2);
  return { owner, repo };
}

/** A deployment's own note, which comes back as it was sent, or as its JSON. */
function markOf(payload: unknown): unknown {
  const value: unknown = typeof payload === "string" && payload.startsWith("{") ? JSON.parse(payload) : payload;
  return typeof value === "object" && value !== null && "dynoform" in value ? value.dynoform : undefined;
}
