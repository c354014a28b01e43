import { notFound } from "../api/errors.ts";
import type { Html } from "../web/html.ts";
import type { MemberRoute, MemberVisit, Page, Reply } from "../web/visit.ts";
import type { Acts } from "./acts.ts";
import type { ApiApp } from "./answers.ts";
import { type ApiClient, path } from "./api.ts";
import type { AppState } from "./app-states.ts";
import type { Frames, Tab } from "./frames.ts";
import type { DashboardPorts } from "./ports.ts";

/** What all pages share. */
export interface Context {
  readonly ports: DashboardPorts;
  readonly api: ApiClient;
  readonly acts: Acts;
  readonly frames: Frames;
}

/** An app that the visitor may use. */
export interface AppVisit {
  readonly visit: MemberVisit;
  readonly app: ApiApp;
  readonly state: AppState | undefined;
}

/** @throws ApiError 404 when there is no such app, or none for the visitor */
export async function appOf({ api, ports }: Context, visit: MemberVisit): Promise<AppVisit> {
  const [app, states] = await Promise.all([
    api.get<ApiApp>(visit, path`/apps/${visit.params.app ?? ""}`),
    // Without a router or Docker pages are still worth having.
    ports.states(visit.params.app).catch(() => new Map<string, AppState>()),
  ]);
  return { visit, app, state: states.get(app.name) };
}

/** A page of an app's. @param content what stands below the tabs */
export function appPage(
  context: Context,
  route: string,
  tab: Tab,
  content: (visit: AppVisit) => Promise<Html> | Html,
): MemberRoute {
  const show: Page = async (visit): Promise<Reply> => {
    const found = await appOf(context, visit);
    const main = await content(found);
    return { document: context.frames.app(visit, { app: found.app, state: found.state, tab, main }) };
  };
  return ["GET", route, show];
}

export function adminOnly({ session }: MemberVisit): void {
  // That there is such a page is no business of others.
  if (session.caller.role !== "admin") throw notFound("page");
}
