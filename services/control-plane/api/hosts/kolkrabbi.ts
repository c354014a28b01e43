import type { Desk } from "../desk.ts";
import { githubRoutes } from "../handlers/github.ts";
import { githubAccountRoutes } from "../handlers/github-account.ts";
import { githubRepositoryRoutes } from "../handlers/github-repositories.ts";
import type { Route } from "../routes.ts";

/** What there is at Heroku's service for GitHub. */
const SERVED = /^\/(apps\/:app\/github|account\/github\/token|github\/)/;

/** The same as at the API's own host, under the same paths. */
export function kolkrabbiRoutes(desk: Desk): Route[] {
  const all = [...githubRoutes(desk), ...githubAccountRoutes(desk, undefined), ...githubRepositoryRoutes(desk)];
  return all.filter(([, path]) => SERVED.test(path));
}
