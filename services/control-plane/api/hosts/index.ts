import type { Caller } from "../../accounts/caller.ts";
import type { Desk } from "../desk.ts";
import { Dispatcher } from "../dispatcher.ts";
import { githubTokenOf } from "../github-token.ts";
import { githubRepositoryRoutes } from "../handlers/github-repositories.ts";
import type { Route } from "../routes.ts";
import { kolkrabbiRoutes } from "./kolkrabbi.ts";
import { favoriteRoutes } from "./particleboard.ts";
import { notificationRoutes } from "./telex.ts";

/** One of the hosts that the official command line asks besides the API, and cannot be told another name of. */
export interface Host {
  readonly dispatcher: Dispatcher;
  /** What is said where it has no route. */
  readonly absent: string;
  /** Whom it lets in. @default whom the API does @param authorization the header */
  who?(authorization: string | undefined): Promise<Caller | undefined>;
}

/** The hosts that are served to who comes through the API's port as a proxy. A host that is not here is not served. */
export function hosts(desk: Desk): ReadonlyMap<string, Host> {
  const { clock, ports } = desk;
  const host = (what: string, routes: readonly Route[] = []): Host => ({
    dispatcher: new Dispatcher({ routes, accounts: ports.accounts, clock }),
    absent: `${what} not part of this platform yet.`,
  });
  const repositories = githubRepositoryRoutes(desk).filter(([, path]) => path.startsWith("/repos/"));
  const metrics = host("Metrics and autoscaling are");
  return new Map([
    ["particleboard.heroku.com", host("That is", favoriteRoutes(desk))],
    ["telex.heroku.com", host("That is", notificationRoutes())],
    ["kolkrabbi.heroku.com", host("Heroku CI is", kolkrabbiRoutes(desk))],
    ["api.github.com", { ...host("That is", repositories), who: byGithubToken(desk) }],
    ["api.metrics.heroku.com", metrics],
    ["api.metrics.herokai.com", metrics],
    ["pgdiagnose.herokai.com", host("`pg:diagnose` is")],
  ]);
}

/** Whoever has the token that clients take for one of GitHub's. */
function byGithubToken({ token, clock, ports }: Desk): NonNullable<Host["who"]> {
  return async (authorization) => {
    const account = await githubTokenOf(token, authorization, clock());
    return account === undefined ? undefined : ports.accounts.caller(account);
  };
}
