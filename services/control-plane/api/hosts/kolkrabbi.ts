import type { Desk } from "../desk.ts";
import { anyRepository, githubRoutes } from "../handlers/github.ts";
import { githubAccountRoutes } from "../handlers/github-account.ts";
import { githubArchiveRoutes } from "../handlers/github-archives.ts";
import { githubRepositoryRoutes } from "../handlers/github-repositories.ts";
import { pipelineRepositoryRoutes } from "../handlers/pipelines/index.ts";
import type { Route } from "../routes.ts";

/** What there is at Heroku's service for GitHub. */
const SERVED = /^\/(apps\/:app\/github|account\/github\/token|github\/|pipelines\/:pipeline\/repository$)/;

/** An app without a repository of its own has its pipeline's there. */
const SHARED = "GET /apps/:app/github";

/** The same as at the API's own host, under the same paths. */
export function kolkrabbiRoutes(desk: Desk): Route[] {
  const all = [
    ...githubRoutes(desk),
    ...githubAccountRoutes(desk, undefined),
    ...githubRepositoryRoutes(desk),
    ...pipelineRepositoryRoutes(desk),
    ...githubArchiveRoutes(desk),
  ];
  const served = all.filter(([method, path]) => SERVED.test(path) && `${method} ${path}` !== SHARED);
  return [...served, ["GET", "/apps/:app/github", (call) => anyRepository(desk, call)]];
}
