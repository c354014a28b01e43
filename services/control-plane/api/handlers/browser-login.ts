import type { ServerResponse } from "node:http";
import { bearerOf } from "../../accounts/token.ts";
import { type Answer, type OpenCall, optionalText } from "../call.ts";
import type { Desk } from "../desk.ts";
import { ApiError, notFound } from "../errors.ts";
import type { OpenRoute } from "../routes.ts";

/** Seconds that a token holds which a command line gets by a browser. */
const TOKEN_LIFETIME_SECONDS = 30 * 24 * 3600;

/** Milliseconds between two signs of life; clients give up after 60 seconds without any. */
const SIGN_OF_LIFE_MS = 20_000;

/** `heroku login`: a command line asks, a person lets it in on the page `/auth/browser/:login`. */
export function browserLoginRoutes(desk: Desk): OpenRoute[] {
  return [
    ["POST", "/auth", (call) => open(desk, call)],
    ["GET", "/auth/cli/:login", (call) => wait(desk, call)],
  ];
}

function open(desk: Desk, call: OpenCall): Answer {
  const { id, secret } = desk.ports.accounts.browserLogins.open(optionalText(call, "description") ?? "", {
    address: call.from,
    remote: call.remote,
  });
  return { status: 201, body: { browser_url: `/auth/browser/${id}`, cli_url: `/auth/cli/${id}`, token: secret } };
}

function wait(desk: Desk, { params, headers, from, id: request }: OpenCall): Answer {
  const { login: id = "" } = params;
  const { accounts } = desk.ports;
  const secret = bearerOf(headers.authorization);
  if (secret === undefined) throw new ApiError(401, "unauthorized", "Invalid credentials provided.");
  const asked = accounts.browserLogins.look(id);
  if (asked === undefined || !accounts.browserLogins.fits(id, secret)) throw notFound("login");

  const outcome = (user: string | undefined): Readonly<Record<string, string>> => {
    // It may wait on two connections.
    if (!accounts.browserLogins.take(id)) return { error: "This login is over. Try again: `heroku login`." };
    const known = user === undefined ? undefined : accounts.users.get(user);
    if (known === undefined) return { error: "The login was refused, or nobody approved it within 10 minutes." };
    const { description } = asked;
    const made = accounts.authorizations.create({ user: known.id, description, expiresIn: TOKEN_LIFETIME_SECONDS });
    const caller = { ...known, via: "token", authorization: made.id } as const;
    accounts.audit({ caller, from, method: "GET", route: "/auth/cli/:login", status: 200, request });
    return { access_token: made.token };
  };
  return { stream: (response) => hold(response, accounts.browserLogins.decision(id), outcome) };
}

/** Answers at once, says nothing of weight until it is decided, and then all. */
function hold(
  response: ServerResponse,
  decision: Promise<string | undefined>,
  outcome: (user: string | undefined) => unknown,
): void {
  response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.write(" ");
  const alive = setInterval(() => response.write(" "), SIGN_OF_LIFE_MS);
  response.on("close", () => clearInterval(alive));
  void decision.then((user) => {
    clearInterval(alive);
    // A client that went away comes back for it.
    if (response.destroyed) return;
    response.end(JSON.stringify(outcome(user)));
  });
}
