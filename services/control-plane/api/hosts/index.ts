import type { Desk } from "../desk.ts";
import { Dispatcher } from "../dispatcher.ts";
import type { Route } from "../routes.ts";
import { favoriteRoutes } from "./particleboard.ts";
import { notificationRoutes } from "./telex.ts";

/** One of the hosts that the official command line asks besides the API, and cannot be told another name of. */
export interface Host {
  readonly dispatcher: Dispatcher;
  /** What is said where it has no route. */
  readonly absent: string;
}

/** The hosts that are served to who comes through the API's port as a proxy. A host that is not here is not served. */
export function hosts(desk: Desk): ReadonlyMap<string, Host> {
  const { clock, ports } = desk;
  const host = (what: string, routes: readonly Route[] = []): Host => ({
    dispatcher: new Dispatcher({ routes, accounts: ports.accounts, clock }),
    absent: `${what} not part of this platform yet.`,
  });
  const metrics = host("Metrics and autoscaling are");
  return new Map([
    ["particleboard.heroku.com", host("That is", favoriteRoutes(desk))],
    ["telex.heroku.com", host("That is", notificationRoutes())],
    ["kolkrabbi.heroku.com", host("GitHub links, pipelines, review apps and Heroku CI are")],
    ["api.github.com", host("GitHub links are")],
    ["api.metrics.heroku.com", metrics],
    ["api.metrics.herokai.com", metrics],
    ["pgdiagnose.herokai.com", host("`pg:diagnose` is")],
  ]);
}
