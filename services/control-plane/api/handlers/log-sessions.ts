import type { LogFilter } from "../../logs/ports.ts";
import type { Answer, Call, OpenCall } from "../call.ts";
import { optionalText } from "../call.ts";
import type { Desk } from "../desk.ts";
import { ApiError, invalid, notFound } from "../errors.ts";
import { LogStream } from "../log-stream.ts";
import type { OpenRoute, Route } from "../routes.ts";

/** What the URL of a log session says. It is signed, not kept: a tail goes on when the control plane was replaced. */
interface Session extends LogFilter {
  readonly app: string;
  /** Whose it is: the id of a user. */
  readonly user: string;
  readonly lines: number;
  readonly tail: boolean;
  /** Milliseconds since 1970. */
  readonly begun: number;
}

const PURPOSE = "log-session";
const DEFAULT_LINES = 100;
const HIGHEST_LINES = 1500;

/** Milliseconds within which a session must be opened. */
const OPENING_MS = 5 * 60_000;

/** Milliseconds after which a tail cannot be taken up again. */
const LIFETIME_MS = 24 * 3600_000;

export function logSessionRoutes(desk: Desk): Route[] {
  return [["POST", "/apps/:app/log-sessions", (call) => create(desk, call)]];
}

/** For whoever has the URL. */
export function openLogRoutes(desk: Desk): OpenRoute[] {
  return [["GET", "/log-sessions/:session/:signature", (call) => open(desk, call)]];
}

async function create(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const { lines = DEFAULT_LINES, tail = false } = call.body;
  if (typeof lines !== "number" || !Number.isInteger(lines) || lines < 0)
    throw invalid("lines", "lines must be a number.");
  if (typeof tail !== "boolean") throw invalid("tail", "tail must be true or false.");
  const session: Session = {
    app: app.name,
    user: call.caller.id,
    lines: Math.min(lines, HIGHEST_LINES),
    tail,
    begun: desk.clock(),
    source: optionalText(call, "source"),
    // `ps` is what older clients call it.
    dyno: optionalText(call, "dyno") ?? optionalText(call, "dyno_name") ?? optionalText(call, "ps"),
  };
  const text = Buffer.from(JSON.stringify(session)).toString("base64url");
  const signature = await desk.token.sign(PURPOSE, text);
  const time = new Date(session.begun).toISOString();
  return {
    status: 201,
    body: {
      id: desk.id("log-session", signature),
      logplex_url: `${call.origin}/log-sessions/${text}/${signature}`,
      created_at: time,
      updated_at: time,
    },
  };
}

async function open(desk: Desk, call: OpenCall): Promise<Answer> {
  const { session: text = "", signature = "" } = call.params;
  if (!(await desk.token.verify(PURPOSE, text, signature)))
    throw new ApiError(403, "forbidden", "There is no such log session.");
  const session: Session = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  const after = lastEventId(call);
  const age = desk.clock() - session.begun;
  if (age > (after === undefined ? OPENING_MS : LIFETIME_MS))
    throw new ApiError(403, "forbidden", "The log session has expired.");
  const { accounts, apps, logs } = desk.ports;
  // Meanwhile the app may have become another one's.
  const [app, caller] = [await apps.get(session.app), accounts.caller(session.user)];
  if (app === undefined || caller === undefined || !accounts.may(caller, app.id, "use")) throw notFound("app");
  const lines = after === undefined ? session.lines : HIGHEST_LINES;
  return { stream: (response) => new LogStream({ ...session, logs, lines, after }, response).start() };
}

function lastEventId(call: OpenCall): number | undefined {
  const header = call.headers["last-event-id"];
  return typeof header === "string" && /^\d{1,16}$/.test(header) ? Number(header) : undefined;
}
