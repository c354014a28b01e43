import { scaleOf } from "../../../../model/app/formation.ts";
import type { Changed, DeclaredApp } from "../../apps/ports.ts";
import { type Answer, type Call, optionalText } from "../call.ts";
import { type Desk, warned } from "../desk.ts";
import { invalid } from "../errors.ts";
import { gitOrigin } from "../origin.ts";
import type { Route } from "../routes.ts";
import { region, stack } from "./facts.ts";

export function appRoutes(desk: Desk): Route[] {
  const list = async (call: Call) => ({ body: (await desk.apps(call)).map((app) => showApp(desk, call, app)) });
  return [
    ["GET", "/apps", list],
    ["POST", "/apps", (call) => create(desk, call)],
    ["GET", "/users/:user/apps", list],
    ["GET", "/apps/:app", (call) => info(desk, call)],
    ["PATCH", "/apps/:app", (call) => update(desk, call)],
    ["DELETE", "/apps/:app", (call) => destroy(desk, call)],
  ];
}

async function info(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const { releases, image } = await desk.outputs.of(app.stack);
  const { slug, repository } = await desk.ports.apps.sizes(app, image);
  const released = releases.at(-1)?.createdAt ?? null;
  const body = { ...showApp(desk, call, app), released_at: released, slug_size: slug, repo_size: repository };
  return { body };
}

async function create(desk: Desk, call: Call): Promise<Answer> {
  const name = optionalText(call, "name");
  for (const field of ["team", "space", "organization"]) {
    if (call.body[field] !== undefined && call.body[field] !== null) throw invalid(field, `There is no ${field} here.`);
  }
  checkWord(call, "region", region(desk).name);
  checkWord(call, "stack", stack(desk).name);
  const { app, changed } = await desk.create(call, name);
  return { status: 201, body: showApp(desk, call, app), headers: warned(changed) };
}

async function update(desk: Desk, call: Call): Promise<Answer> {
  const { maintenance } = call.body;
  const name = optionalText(call, "name");
  const app = await desk.app(call, name === undefined ? "use" : "own");
  checkWord(call, "build_stack", stack(desk).name);
  if (maintenance !== undefined && typeof maintenance !== "boolean") {
    throw invalid("maintenance", "maintenance must be true or false.");
  }
  let made: Pick<Changed, "warnings"> = { warnings: [] };
  if (name !== undefined && name !== app.name) {
    if (maintenance !== undefined) throw invalid("maintenance", "Rename the app in a call of its own.");
    made = await desk.rename(call, app, name);
  } else if (maintenance !== undefined && maintenance !== app.maintenance) {
    const description = `Turn maintenance mode ${maintenance ? "on" : "off"}`;
    made = await desk.change(call, app, description, (file) => {
      if (maintenance) file.set(["maintenance"], true);
      else file.remove(["maintenance"]);
    });
  }
  const now = (await desk.ports.apps.list()).find(({ id }) => id === app.id) ?? app;
  return { body: showApp(desk, call, now), headers: warned(made) };
}

async function destroy(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call, "own");
  const shown = showApp(desk, call, app);
  await desk.destroy(call, app);
  return { body: shown };
}

/** There is one of each kind, so that naming another is a mistake. */
function checkWord(call: Call, field: string, only: string): void {
  const wanted = optionalText(call, field);
  if (wanted !== undefined && wanted !== only) throw invalid(field, `${field} can only be ${only} on this platform.`);
}

/** An app, as answers have it. */
export function showApp(desk: Desk, call: Call, app: DeclaredApp): Record<string, unknown> {
  const time = new Date(app.createdAt).toISOString();
  const { id, name } = stack(desk);
  return {
    id: desk.appId(app),
    name: app.name,
    acm: app.acm,
    archived_at: null,
    buildpack_provided_description: "Python",
    build_stack: { id, name },
    create_status: "complete",
    created_at: time,
    // Without it, clients look for the words "fir" and "cedar" in the app's name.
    generation: { id: desk.id("generation", "cedar"), name: "cedar" },
    // Git's way to us is always TLS, on the same port.
    git_url: `${gitOrigin(call.origin)}/${app.name}.git`,
    internal_routing: null,
    maintenance: app.maintenance,
    owner: desk.ports.accounts.owner(app.id),
    process_tier: tier(scaleOf("web", app.formation.web).size),
    region: { id: region(desk).id, name: region(desk).name },
    released_at: time,
    repo_size: null,
    slug_size: null,
    space: null,
    stack: { id, name },
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
