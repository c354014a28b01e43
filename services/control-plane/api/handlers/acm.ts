import type { Answer, Call } from "../call.ts";
import { type Desk, warned } from "../desk.ts";
import { ApiError, invalid } from "../errors.ts";
import type { Route } from "../routes.ts";
import { showApp } from "./apps.ts";

/** Certificates that renew themselves, which Heroku calls Automated Certificate Management. */
export function acmRoutes(desk: Desk): Route[] {
  return [
    ["POST", "/apps/:app/acm", (call) => enable(desk, call)],
    ["PATCH", "/apps/:app/acm", (call) => refresh(desk, call)],
    ["DELETE", "/apps/:app/acm", (call) => disable(desk, call)],
  ];
}

async function enable(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const { certificates } = desk.ports;
  if (certificates.missing !== undefined) throw new ApiError(422, "invalid_params", certificates.missing);
  if (app.acm) return { body: showApp(desk, call, app) };
  const made = await desk.change(call, app, "Enable automatic certificates", (file) => file.set(["acm"], true));
  certificates.notice();
  return { body: showApp(desk, call, { ...app, acm: true }), headers: warned(made) };
}

async function refresh(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  if (call.body.acm_refresh !== undefined && call.body.acm_refresh !== true) {
    throw invalid("acm_refresh", "acm_refresh can only be true.");
  }
  if (!app.acm) {
    throw new ApiError(422, "invalid_params", `${app.name} has no automatic certificates: heroku certs:auto:enable`);
  }
  await desk.act(call, app, "Refresh automatic certificates", async () => desk.ports.certificates.refresh(app.hosts));
  return { body: showApp(desk, call, app) };
}

async function disable(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  if (!app.acm) return { body: showApp(desk, call, app) };
  const made = await desk.change(call, app, "Disable automatic certificates", (file) => file.remove(["acm"]));
  desk.ports.certificates.notice();
  return { body: showApp(desk, call, { ...app, acm: false }), headers: warned(made) };
}
