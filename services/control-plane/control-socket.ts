import { createServer, type ServerResponse } from "node:http";
import { messageOf } from "../errors.ts";
import { listenOn } from "./unix-server.ts";

/** Wakes an app. Whether it awoke in the end is not waited for: the router holds the requests. */
export type Wake = (app: string) => Promise<void>;

/** No such app: the router is told so. */
export class UnknownApp extends Error {}

/**
 * Serves the router, which calls on a Unix socket in the folder that both have: `POST /wake/<app>` answers 202 at once,
 * 404 for an app there is not, 503 with `{ error }` when waking it failed at once.
 */
export function serveControlSocket(path: string, wake: Wake): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    request.resume();
    const [, app] = /^\/wake\/([a-z][a-z0-9-]*)$/.exec(request.url ?? "") ?? [];
    if (app === undefined) answer(response, 404, { error: "not_found" });
    else if (request.method !== "POST") answer(response, 405, { error: "method_not_allowed" });
    else void wakeFor(response, app, wake);
  });
  return listenOn(server, path);
}

async function wakeFor(response: ServerResponse, app: string, wake: Wake): Promise<void> {
  try {
    await wake(app);
    answer(response, 202, {});
  } catch (error) {
    if (error instanceof UnknownApp) answer(response, 404, { error: "unknown_app" });
    else answer(response, 503, { error: messageOf(error) });
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}
