import type { DeclaredApp } from "../../apps/ports.ts";
import { type Call, requiredText } from "../call.ts";
import type { Desk } from "../desk.ts";
import { notFound } from "../errors.ts";
import type { Route } from "../routes.ts";

/** `heroku apps:favorites`: the apps that the caller marked. */
export function favoriteRoutes(desk: Desk): Route[] {
  const { favorites } = desk.ports.accounts;
  const show = ({ caller }: Call, app: DeclaredApp) => ({
    id: desk.id("favorite", caller.id, app.id),
    resource_id: desk.appId(app),
    resource_name: app.name,
    type: "app",
  });
  /** Those that the caller may still use. */
  const marked = async (call: Call) => {
    const apps = new Map((await desk.apps(call)).map((app) => [app.id, app]));
    return favorites.of(call.caller.id).flatMap((id) => apps.get(id) ?? []);
  };
  return [
    ["GET", "/favorites", async (call) => ({ body: (await marked(call)).map((app) => show(call, app)) })],
    [
      "POST",
      "/favorites",
      async (call) => {
        const app = await desk.appNamed(call, requiredText(call, "resource_id"));
        favorites.add(call.caller.id, app.id);
        return { status: 201, body: show(call, app) };
      },
    ],
    [
      "DELETE",
      "/favorites/:favorite",
      async (call) => {
        const app = (await marked(call)).find((app) => show(call, app).id === call.params.favorite);
        if (app === undefined) throw notFound("favorite");
        favorites.remove(call.caller.id, app.id);
        return { body: show(call, app) };
      },
    ],
  ];
}
