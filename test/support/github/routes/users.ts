import { type Call, ok, page, Refusal, type Route, roleOf, route, sees, viewer } from "../call.ts";
import { repositoryShape, userShape } from "../shapes.ts";
import type { User } from "../state.ts";

const SINCE = "2020-01-01T00:00:00Z";

/** `public-user`. */
function profile(user: User, call: Call) {
  return {
    ...userShape(user, call),
    name: user.login,
    company: null,
    blog: "",
    location: null,
    email: null,
    hireable: null,
    bio: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: SINCE,
    updated_at: SINCE,
  };
}

export const userRoutes: readonly Route[] = [
  route("GET", "/user", (call) => {
    const { user, app } = viewer(call);
    if (app !== undefined) throw new Refusal(403, "Resource not accessible by integration");
    return { ...ok(profile(user, call)), headers: { "x-oauth-scopes": "repo" } };
  }),
  route("GET", "/users/{username}", (call) => {
    const user = call.state.users.get((call.params.username ?? "").toLowerCase());
    if (user === undefined) throw new Refusal(404, "Not Found");
    return ok(profile(user, call));
  }),
  route("GET", "/user/repos", (call) => {
    const token = viewer(call);
    const seen = call.state.repositories.filter((each) => sees(token, each) && roleOf(token, each) !== undefined);
    return page(call, seen, "/user/repos", (items) => items.map((each) => repositoryShape(each, call)));
  }),
];
