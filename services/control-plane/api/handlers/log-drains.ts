import type { DeclaredApp } from "../../apps/ports.ts";
import type { Drain } from "../../logs/ports.ts";
import { requiredText } from "../call.ts";
import type { Desk } from "../desk.ts";
import { notFound } from "../errors.ts";
import type { Route } from "../routes.ts";

export function logDrainRoutes(desk: Desk): Route[] {
  const { logs } = desk.ports;
  const find = (app: DeclaredApp, which = ""): Drain => {
    const found = logs.drains(app.name).find(({ id, url, token }) => [id, url, token].includes(which));
    if (found === undefined) throw notFound("log_drain", "that drain");
    return found;
  };
  return [
    [
      "GET",
      "/apps/:app/log-drains",
      async (call) => {
        const app = await desk.app(call);
        return { body: logs.drains(app.name).map((drain) => show(desk, app, drain)) };
      },
    ],
    [
      "POST",
      "/apps/:app/log-drains",
      async (call) => {
        const app = await desk.app(call);
        const url = requiredText(call, "url");
        const drain = await desk.act(call, app, "Add log drain", async () => logs.addDrain(app.name, url));
        return { status: 201, body: show(desk, app, drain) };
      },
    ],
    [
      "GET",
      "/apps/:app/log-drains/:drain",
      async (call) => {
        const app = await desk.app(call);
        return { body: show(desk, app, find(app, call.params.drain)) };
      },
    ],
    [
      "DELETE",
      "/apps/:app/log-drains/:drain",
      async (call) => {
        const app = await desk.app(call);
        const drain = find(app, call.params.drain);
        await desk.act(call, app, "Remove log drain", async () => logs.removeDrain(app.name, drain.id));
        return { body: show(desk, app, drain) };
      },
    ],
  ];
}

function show(desk: Desk, app: DeclaredApp, { id, url, token, createdAt }: Drain): Record<string, unknown> {
  const time = new Date(createdAt).toISOString();
  return {
    id: desk.id("log-drain", app.id, id),
    addon: null,
    app: { id: desk.appId(app), name: app.name },
    created_at: time,
    token,
    updated_at: time,
    url,
  };
}
