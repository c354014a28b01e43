import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "../types.ts";
import { Desk } from "./desk.ts";
import { appRoutes } from "./handlers/apps.ts";
import { configVarRoutes } from "./handlers/config-vars.ts";
import { dynoRoutes } from "./handlers/dynos.ts";
import { formationRoutes } from "./handlers/formation.ts";
import { logDrainRoutes } from "./handlers/log-drains.ts";
import { logSessionRoutes, openLogRoutes } from "./handlers/log-sessions.ts";
import { releaseRoutes } from "./handlers/releases.ts";
import { usageRoutes } from "./handlers/usage.ts";
import { originOf } from "./origin.ts";
import type { Ports } from "./ports.ts";
import { ApiServer, type ServerOptions } from "./server.ts";
import { Token } from "./token.ts";

export interface ApiOptions {
  readonly ports: Ports;
  /** The platform's name. */
  readonly platform: string;
  /** The file with the token, `<directory>/control/token`. */
  readonly tokenFile: string;
  /** Who the token's bearer is: an e-mail address. */
  readonly user: string;
  /** Free hours a month, of each app or of all together; 0: without end. */
  readonly hours: { readonly free: number; readonly per: "app" | "account" };
  /** Connects a client's terminal; the secret is the path's last part. */
  attach(secret: string, request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** What is served on the same port besides the API, e.g. git. */
  readonly aside?: ServerOptions["aside"];
  readonly certificate?: ServerOptions["certificate"];
  /** Gets what nobody foresaw. */
  report(problem: string): void;
  /** @default Date.now */
  readonly clock?: Clock;
}

const ATTACH = /^\/attach\/([\w-]+)$/;

/** The Heroku Platform API of a platform, ready to `listen`. */
export function createApi(options: ApiOptions): ApiServer {
  const { ports, platform, user, hours, clock = Date.now, attach, report } = options;
  const token = new Token(options.tokenFile);
  const desk = new Desk({ ports, token, platform, user, hours, clock });
  return new ApiServer({
    token,
    report,
    aside: options.aside,
    certificate: options.certificate,
    routes: [
      ...appRoutes(desk),
      ...formationRoutes(desk),
      ...dynoRoutes({ desk, attachUrl: ({ request }, secret) => `${originOf(request)}/attach/${secret}` }),
      ...releaseRoutes(desk),
      ...configVarRoutes(desk),
      ...logSessionRoutes(desk),
      ...logDrainRoutes(desk),
      ...usageRoutes(desk),
    ],
    open: openLogRoutes(desk),
    upgrade(request, socket, head) {
      const secret = ATTACH.exec(request.url ?? "")?.[1];
      if (secret === undefined) socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
      else attach(secret, request, socket, head);
    },
  });
}
