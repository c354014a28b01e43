import { createServer, type ServerResponse } from "node:http";
import { messageOf } from "../../lib/errors.ts";
import { listenOn } from "../../lib/unix-server.ts";

/** Wakes an app. Whether it awoke in the end is not waited for: the router holds the requests. */
type Wake = (app: string) => Promise<void>;

/** No such app: the router is told so. */
export class UnknownApp extends Error {}

/** Where the container of a dyno's service is, e.g. `10.138.128.7`; undefined when none runs, or it is to end. */
type AddressOf = (service: string) => string | undefined;

/**
 * Serves the router, which calls on a Unix socket in the folder that both have.
 *
 * `POST /wake/<app>` answers 202 at once, 404 for an app there is not, 503 with `{ error }` when waking it failed at
 * once. `GET /dynos/<service>/address` answers 200 with an address as plain text, or 404.
 */
export function serveControlSocket(path: string, wake: Wake, addressOf: AddressOf): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    request.resume();
    const { method, url = "" } = request;
    const [, app] = /^\/wake\/([a-z][a-z0-9-]*)$/.exec(url) ?? [];
    const [, service] = /^\/dynos\/([\w-]+)\/address$/.exec(url) ?? [];
    if (app === undefined && service === undefined) answer(response, 404, { error: "not_found" });
    else if (method !== (app === undefined ? "GET" : "POST")) answer(response, 405, { error: "method_not_allowed" });
    else if (app !== undefined) void wakeFor(response, app, wake);
    else if (service !== undefined) tell(response, addressOf(service));
  });
  return listenOn(server, path);
}

function tell(response: ServerResponse, address: string | undefined): void {
  if (address === undefined) answer(response, 404, { error: "unknown_dyno" });
  else response.writeHead(200, { "content-type": "text/plain" }).end(address);
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
