import { type Call, ok, page, Refusal, type Route, repositoryOf, route } from "../call.ts";
import { pullShape, wholePullShape } from "../pulls.ts";
import { userShape } from "../shapes.ts";
import { fullName, type Pull, type Repository } from "../state.ts";

function pullOf(call: Call, repository: Repository): Pull {
  const found = repository.pulls.find(({ number }) => String(number) === call.params.pull_number);
  if (found === undefined) throw new Refusal(404, "Not Found");
  return found;
}

export const pullRoutes: readonly Route[] = [
  route("GET", "/repos/{owner}/{repo}/pulls", async (call) => {
    const repository = repositoryOf(call);
    const state = call.query.get("state") ?? "open";
    const found = repository.pulls.filter((pull) => state === "all" || pull.state === state).toReversed();
    const shapes = await Promise.all(found.map((pull) => pullShape(pull, repository, call)));
    return page(call, shapes, `/repos/${fullName(repository)}/pulls`, (items) => items);
  }),
  route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}", async (call) => {
    const repository = repositoryOf(call);
    return ok(await wholePullShape(pullOf(call, repository), repository, call));
  }),
  route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/files", async (call) => {
    const repository = repositoryOf(call);
    const { number, base, from, head } = pullOf(call, repository);
    await repository.git.keepPull(number, from.git, head);
    const names = await repository.git.changed(`refs/heads/${base}`, `refs/pull/${number}/head`);
    const at = `${call.url}/${fullName(repository)}`;
    const files = names.map((filename) => ({
      sha: "0".repeat(40),
      filename,
      status: "modified",
      additions: 1,
      deletions: 1,
      changes: 2,
      blob_url: `${at}/blob/${filename}`,
      raw_url: `${at}/raw/${filename}`,
      contents_url: `${call.api}/repos/${fullName(repository)}/contents/${filename}`,
    }));
    return page(call, files, `/repos/${fullName(repository)}/pulls/${number}/files`, (items) => items);
  }),
  route("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", (call) => {
    const repository = repositoryOf(call);
    const user = call.state.users.get((call.params.username ?? "").toLowerCase());
    if (user === undefined) throw new Refusal(404, "Not Found");
    const own = user.login === repository.owner.login ? "admin" : repository.collaborators.get(user.login);
    const permission = own ?? (repository.private ? "none" : "read");
    return ok({ permission, role_name: permission, user: { ...userShape(user, call), permissions: undefined } });
  }),
];
