import type { Call } from "../call.ts";
import type { Desk } from "../desk.ts";
import { declared } from "../formation.ts";
import type { DeclaredApp } from "../ports.ts";
import type { Route } from "../routes.ts";

export function appRoutes(desk: Desk): Route[] {
  const list = async (call: Call) => ({ body: (await desk.apps(call)).map((app) => showApp(desk, app)) });
  return [
    ["GET", "/apps", list],
    ["GET", "/users/:user/apps", list],
    ["GET", "/apps/:app", async (call) => ({ body: showApp(desk, await desk.app(call)) })],
  ];
}

function showApp(desk: Desk, app: DeclaredApp): Record<string, unknown> {
  const time = new Date(app.createdAt).toISOString();
  const stack = { id: desk.id("stack", "dynoform"), name: "dynoform" };
  return {
    id: desk.appId(app),
    name: app.name,
    acm: false,
    archived_at: null,
    buildpack_provided_description: "Python",
    build_stack: stack,
    create_status: "complete",
    created_at: time,
    // Without it, clients look for the words "fir" and "cedar" in the app's name.
    generation: { id: desk.id("generation", "cedar"), name: "cedar" },
    git_url: "",
    maintenance: false,
    owner: desk.ports.accounts.owner(app.id),
    process_tier: tier(declared("web", app.formation.web).size),
    region: { id: desk.id("region", "local"), name: "local" },
    released_at: time,
    repo_size: null,
    slug_size: null,
    space: null,
    stack,
    team: null,
    updated_at: time,
    web_url: app.url,
  };
}

/** Clients ask for the hours that are left when an app's tier is `eco`. */
function tier(size: string): string {
  if (size === "free" || size === "eco") return "eco";
  return size.startsWith("standard") || size.startsWith("performance") ? "production" : size;
}
