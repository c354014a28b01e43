import type { Comparison, Connection, ForgeRepository } from "../../github/ports.ts";
import type { Answer, Call } from "../call.ts";
import type { Desk } from "../desk.ts";
import { ApiError, invalid } from "../errors.ts";
import type { Route } from "../routes.ts";

/** Repositories, as the caller's connected account sees them, in the words of GitHub's own API. */
export function githubRepositoryRoutes(desk: Desk): Route[] {
  return [
    ["GET", "/github/search/repositories", (call) => search(desk, call)],
    ["GET", "/repos/:owner/:repo", (call) => repository(desk, call)],
    ["GET", "/repos/:owner/:repo/compare/:range", (call) => compare(desk, call)],
  ];
}

/** @throws ApiError 422 for a caller that has connected no account */
export async function connectionOf(desk: Desk, { caller }: Call): Promise<Connection> {
  const found = await desk.ports.github.connections.of(caller.id);
  if (found !== undefined) return found;
  throw new ApiError(422, "not_connected", "Connect your GitHub account first: on the Account page of the dashboard.");
}

/** `owner/name` of what may be a URL too. @throws ApiError */
export function repositoryName(text: string, baseUrl: string): string {
  const beginning = `${baseUrl}/`;
  const name = (text.startsWith(beginning) ? text.slice(beginning.length) : text).replace(/(\.git)?\/?$/, "");
  if (!/^(?!\.+\/)[\w.-]{1,100}\/(?!\.+$)[\w.-]{1,100}$/.test(name)) {
    throw invalid("repo", "That is no repository: write OWNER/NAME, e.g. octocat/hello-world.");
  }
  return name;
}

async function search(desk: Desk, call: Call): Promise<Answer> {
  const by = await connectionOf(desk, call);
  const found = await desk.ports.github.open(by).search((call.query.get("q") ?? "").trim());
  return { body: { total_count: found.length, incomplete_results: false, items: found.map(show) } };
}

async function repository(desk: Desk, call: Call): Promise<Answer> {
  const by = await connectionOf(desk, call);
  return { body: show(await desk.ports.github.open(by).repository(nameIn(call, by))) };
}

async function compare(desk: Desk, call: Call): Promise<Answer> {
  const by = await connectionOf(desk, call);
  const [base = "", head = "", ...more] = (call.params.range ?? "").split("...");
  if (base === "" || head === "" || more.length > 0) throw invalid("range", "Compare BASE...HEAD.");
  return { body: showComparison(await desk.ports.github.open(by).compare(nameIn(call, by), base, head)) };
}

export function showComparison({ ahead, commits }: Comparison) {
  return {
    ahead_by: ahead,
    total_commits: ahead,
    commits: commits.map(({ sha, message, author }) => ({ sha, commit: { message, author } })),
  };
}

function nameIn({ params: { owner, repo } }: Call, { baseUrl }: Connection): string {
  return repositoryName(`${owner}/${repo}`, baseUrl);
}

function show({ id, fullName, defaultBranch, private: hidden, htmlUrl, cloneUrl }: ForgeRepository) {
  return {
    id,
    name: fullName.split("/").at(-1),
    full_name: fullName,
    default_branch: defaultBranch,
    private: hidden,
    html_url: htmlUrl,
    clone_url: cloneUrl,
  };
}
