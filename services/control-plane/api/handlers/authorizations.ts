import type { Authorization, Authorizations, NewAuthorization } from "../../accounts/authorizations.ts";
import type { Caller } from "../../accounts/caller.ts";
import type { BrowserSession } from "../../accounts/sessions.ts";
import { passwordOf } from "../../accounts/token.ts";
import { type Answer, type Call, type OpenCall, optionalText } from "../call.ts";
import type { Desk } from "../desk.ts";
import { DryRun, wantsDryRun } from "../dry-run.ts";
import { ApiError, invalid, notFound } from "../errors.ts";
import type { OpenRoute, Route } from "../routes.ts";
import { onlyPlanned, refusedLogin } from "./rights.ts";

const PATH = "/oauth/authorizations";

/** Tokens of the API, and the browsers that are logged in: each caller's own. */
export function authorizationRoutes(desk: Desk): Route[] {
  const { authorizations, sessions } = desk.ports.accounts;
  return [
    ["GET", PATH, ({ caller }) => ({ body: authorizations.list(caller.id).map((each) => show(desk, caller, each)) })],
    // For who is logged in with a browser; who comes by HTTP is let in below.
    ["POST", PATH, (call) => make(desk, call.caller, call, readWish(call))],
    // The key that Heroku makes for each account by itself.
    ["GET", `${PATH}/~`, () => Promise.reject(notFound("authorization"))],
    ["GET", `${PATH}/:authorization`, (call) => ({ body: show(desk, call.caller, find(desk, call)) })],
    ["PATCH", `${PATH}/:authorization`, (call) => describe(desk, call)],
    ["DELETE", `${PATH}/:authorization`, (call) => revoke(desk, call)],
    ["POST", `${PATH}/:authorization/actions/regenerate-tokens`, (call) => rotate(desk, call)],
    ["GET", "/oauth/sessions", ({ caller }) => ({ body: sessions.list(caller.id).map(showSession) })],
    ["DELETE", "/oauth/sessions/:session", (call) => endSession(desk, call)],
  ];
}

/** For whoever has no token yet. */
export function openAuthorizationRoutes(desk: Desk): OpenRoute[] {
  return [["POST", PATH, (call) => create(desk, call)]];
}

async function create(desk: Desk, call: OpenCall): Promise<Answer> {
  const { accounts } = desk.ports;
  const wish = readWish(call);
  const known = await accounts.who(call.headers.authorization, call);
  const answer = make(desk, known ?? (await withPassword(desk, call)), call, wish);
  if (known !== undefined && answer.status === 201) {
    accounts.audit({ caller: known, from: call.from, method: "POST", route: PATH, status: 201, request: call.id });
  }
  return answer;
}

type Wish = Pick<Parameters<Authorizations["create"]>[0], "description" | "expiresIn">;

function readWish(call: OpenCall): Wish {
  checkScope(call.body.scope);
  const description = optionalText(call, "description") ?? "Long-lived user authorization";
  return { description, expiresIn: seconds(call.body.expires_in) };
}

function make(desk: Desk, user: Pick<Caller, "id" | "email">, { query, headers }: OpenCall, wish: Wish) {
  if (wantsDryRun(query, headers)) return { status: 200, body: new DryRun("", "Create a token").body };
  const made = desk.ports.accounts.authorizations.create({ user: user.id, ...wish });
  return { status: 201, body: show(desk, user, made) };
}

/** `heroku login -i`. */
async function withPassword(desk: Desk, { headers, from }: OpenCall): Promise<Pick<Caller, "id" | "email">> {
  const given = passwordOf(headers.authorization);
  if (given === undefined) throw new ApiError(401, "unauthorized", "Invalid credentials provided.");
  return desk.ports.accounts.logins.authenticate(given.user, given.password, from, PATH).catch(refusedLogin);
}

function find(desk: Desk, { caller, params: { authorization: id = "" } }: Call): Authorization {
  const { authorizations } = desk.ports.accounts;
  const found = authorizations.get(caller.id, id);
  if (found === undefined) throw notFound("authorization");
  return found;
}

function describe(desk: Desk, call: Call): Answer {
  const { id, description } = find(desk, call);
  const next = optionalText(call, "description") ?? description;
  onlyPlanned(call, `Describe the token ${id}`);
  desk.ports.accounts.authorizations.describe(call.caller.id, id, next);
  return { body: show(desk, call.caller, find(desk, call)) };
}

function revoke(desk: Desk, call: Call): Answer {
  const gone = find(desk, call);
  onlyPlanned(call, `Revoke the token ${gone.id}`);
  desk.ports.accounts.authorizations.revoke(call.caller.id, gone.id);
  return { body: show(desk, call.caller, gone) };
}

function rotate(desk: Desk, call: Call): Answer {
  const { id } = find(desk, call);
  onlyPlanned(call, `Rotate the token ${id}`);
  const rotated = desk.ports.accounts.authorizations.rotate(call.caller.id, id);
  if (rotated === undefined) throw notFound("authorization");
  return { status: 201, body: show(desk, call.caller, rotated) };
}

function endSession(desk: Desk, call: Call): Answer {
  const { sessions } = desk.ports.accounts;
  const found = sessions.list(call.caller.id).find(({ id }) => id === call.params.session);
  if (found === undefined) throw notFound("session");
  onlyPlanned(call, `End the session ${found.id}`);
  sessions.end(found.id);
  return { body: showSession(found) };
}

/** Numbers come as texts from the command line. */
function seconds(wanted: unknown): number | undefined {
  if (wanted === undefined || wanted === null) return undefined;
  const value = typeof wanted === "string" && /^\d{1,12}$/.test(wanted) ? Number(wanted) : wanted;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1) {
    throw invalid("expires_in", "expires_in must be a number of seconds.");
  }
  return value;
}

function checkScope(scope: unknown): void {
  if (scope === undefined || scope === null) return;
  if (!Array.isArray(scope) || scope.some((each) => each !== "global")) {
    throw invalid("scope", "Only the scope global is there: a token may do what its user may.");
  }
}

function show(
  desk: Desk,
  { id: userId, email }: Pick<Caller, "id" | "email">,
  of: Authorization | NewAuthorization,
): Record<string, unknown> {
  const left = of.expiresAt === undefined ? null : Math.max(0, Math.ceil((of.expiresAt - desk.clock()) / 1000));
  return {
    id: of.id,
    access_token: { id: of.id, expires_in: left, token: "token" in of ? of.token : of.hint },
    client: null,
    created_at: new Date(of.createdAt).toISOString(),
    description: of.description,
    grant: null,
    refresh_token: null,
    scope: ["global"],
    session: null,
    updated_at: new Date(of.updatedAt).toISOString(),
    user: { id: userId, email, full_name: null },
  };
}

function showSession(of: BrowserSession): Record<string, unknown> {
  const time = new Date(of.createdAt).toISOString();
  return {
    id: of.id,
    description: `Browser at ${of.from}`,
    expires_in: Math.ceil((of.expiresAt - of.createdAt) / 1000),
    created_at: time,
    updated_at: time,
  };
}
