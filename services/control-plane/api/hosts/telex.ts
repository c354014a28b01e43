import { notFound } from "../errors.ts";
import type { Route } from "../routes.ts";

/** `heroku notifications`: Heroku tells its users news there. This platform writes into apps' logs, and has none. */
export function notificationRoutes(): Route[] {
  return [
    ["GET", "/user/notifications", () => ({ body: [] })],
    ["PATCH", "/user/notifications/:notification", () => Promise.reject(notFound("notification"))],
  ];
}
