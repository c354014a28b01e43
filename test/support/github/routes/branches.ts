import { type Call, ok, page, Refusal, type Route, repositoryOf, route } from "../call.ts";
import { commitShape, nodeId } from "../shapes.ts";
import { fullName, type Repository } from "../state.ts";

/** `git-ref`. */
function refShape(repository: Repository, branch: string, sha: string, { api }: Call) {
  const at = `${api}/repos/${fullName(repository)}/git`;
  return {
    ref: `refs/heads/${branch}`,
    node_id: nodeId("REF", repository.id),
    url: `${at}/refs/heads/${branch}`,
    object: { type: "commit", sha, url: `${at}/commits/${sha}` },
  };
}

async function commitOf(call: Call, repository: Repository, ref: string) {
  const sha = await repository.git.resolve(ref);
  const commit = sha === undefined ? undefined : await repository.git.read(sha);
  if (commit === undefined) throw new Refusal(422, `No commit found for SHA: ${ref}`);
  return commitShape(commit, repository, call);
}

export const branchRoutes: readonly Route[] = [
  route("GET", "/repos/{owner}/{repo}/branches", async (call) => {
    const repository = repositoryOf(call);
    const branches = [...(await repository.git.branches())];
    const { api } = call;
    return page(call, branches, `/repos/${fullName(repository)}/branches`, (items) =>
      items.map(([name, sha]) => ({
        name,
        commit: { sha, url: `${api}/repos/${fullName(repository)}/commits/${sha}` },
        protected: false,
      })),
    );
  }),
  route("GET", "/repos/{owner}/{repo}/branches/{branch}", async (call) => {
    const repository = repositoryOf(call);
    const name = call.params.branch ?? "";
    const sha = await repository.git.head(name);
    if (sha === undefined) throw new Refusal(404, "Branch not found");
    const at = `${call.api}/repos/${fullName(repository)}/branches/${name}`;
    return ok({
      name,
      commit: await commitOf(call, repository, sha),
      _links: { html: `${call.url}/${fullName(repository)}/tree/${name}`, self: at },
      protected: false,
      protection: { enabled: false, required_status_checks: { enforcement_level: "off", contexts: [], checks: [] } },
      protection_url: `${at}/protection`,
    });
  }),
  route("GET", "/repos/{owner}/{repo}/git/ref/{ref}", async (call) => {
    const repository = repositoryOf(call);
    const branch = /^heads\/(.+)$/.exec(call.params.ref ?? "")?.[1] ?? "";
    const sha = branch === "" ? undefined : await repository.git.head(branch);
    if (sha === undefined) throw new Refusal(404, "Not Found");
    return ok(refShape(repository, branch, sha, call));
  }),
  route("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref}", async (call) => {
    const repository = repositoryOf(call);
    const wanted = `refs/${call.params.ref}`;
    const branches = [...(await repository.git.branches())].filter(([name]) => `refs/heads/${name}`.startsWith(wanted));
    return ok(branches.map(([name, sha]) => refShape(repository, name, sha, call)));
  }),
  route("GET", "/repos/{owner}/{repo}/commits/{ref}", async (call) => {
    const repository = repositoryOf(call);
    return ok({ ...(await commitOf(call, repository, call.params.ref ?? "")), stats: {}, files: [] });
  }),
  route("GET", "/repos/{owner}/{repo}/compare/{basehead}", async (call) => {
    const repository = repositoryOf(call);
    const [from = "", to = ""] = (call.params.basehead ?? "").split("...");
    const [base, head] = [await repository.git.resolve(from), await repository.git.resolve(to)];
    const merge = base && head && (await repository.git.mergeBase(base, head));
    if (!base || !head || !merge) throw new Refusal(404, "Not Found");
    const ahead = await repository.git.between(base, head);
    const behind = await repository.git.between(head, base);
    const at = `${call.url}/${fullName(repository)}/compare/${from}...${to}`;
    return ok({
      url: `${call.api}/repos/${fullName(repository)}/compare/${from}...${to}`,
      html_url: at,
      permalink_url: at,
      diff_url: `${at}.diff`,
      patch_url: `${at}.patch`,
      base_commit: await commitOf(call, repository, base),
      merge_base_commit: await commitOf(call, repository, merge),
      status:
        ahead.length === 0
          ? behind.length === 0
            ? "identical"
            : "behind"
          : behind.length === 0
            ? "ahead"
            : "diverged",
      ahead_by: ahead.length,
      behind_by: behind.length,
      total_commits: ahead.length,
      commits: await Promise.all(ahead.slice(-250).map((sha) => commitOf(call, repository, sha))),
      files: [],
    });
  }),
];
