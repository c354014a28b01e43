import { type Call, ok, page, type Route, repositoryOf, roleOf, route, sees } from "../call.ts";
import { fullShape, repositoryShape } from "../shapes.ts";
import { fullName, type Repository } from "../state.ts";

function full(repository: Repository, call: Call) {
  return ok(fullShape(repository, call, call.token && roleOf(call.token, repository)));
}

export const repositoryRoutes: readonly Route[] = [
  route("GET", "/repos/{owner}/{repo}", (call) => full(repositoryOf(call), call)),
  route("GET", "/search/repositories", (call) => {
    const words = (call.query.get("q") ?? "").split(/\s+/).filter((word) => word !== "" && !word.includes(":"));
    const owners = [...(call.query.get("q") ?? "").matchAll(/(?:user|org):(\S+)/g)].map(([, login = ""]) => login);
    const found = call.state.repositories.filter(
      (each) =>
        sees(call.token, each) &&
        words.every((word) => fullName(each).toLowerCase().includes(word.toLowerCase())) &&
        (owners.length === 0 || owners.includes(each.owner.login)),
    );
    return page(call, found, "/search/repositories", (items) => ({
      total_count: found.length,
      incomplete_results: false,
      items: items.map((each) => ({ ...repositoryShape(each, call), score: 1 })),
    }));
  }),
];
