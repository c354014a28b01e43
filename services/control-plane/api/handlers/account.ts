import type { User } from "../../accounts/users.ts";
import { type Answer, type Call, optionalText } from "../call.ts";
import type { Desk } from "../desk.ts";
import { ApiError, invalid, notFound } from "../errors.ts";
import type { Route } from "../routes.ts";
import { adminOnly, onlyPlanned, refusedLogin } from "./rights.ts";

/** The callers themselves and, for admins, everybody. */
export function accountRoutes(desk: Desk): Route[] {
  const show = (call: Call) => ({ body: showAccount(user(desk, call)) });
  const change = (call: Call) => changeAccount(desk, call);
  return [
    ["GET", "/account", show],
    ["PATCH", "/account", change],
    ["GET", "/users", (call) => list(desk, call)],
    ["GET", "/users/:user", (call) => lookUp(desk, call)],
    ["PATCH", "/users/:user", change],
    ["DELETE", "/users/:user", (call) => remove(desk, call)],
    ["GET", "/account/features", () => ({ body: [] })],
    ["GET", "/account/features/:feature", (call) => showFeature(desk, call)],
    ["GET", "/account/keys", () => ({ body: [] })],
    [
      "POST",
      "/account/keys",
      () => Promise.reject(invalid("public_key", "Git speaks HTTPS here, with an API token as the password.")),
    ],
    ["DELETE", "/account/keys/:key", () => Promise.reject(notFound("key"))],
  ];
}

/** By which the official command line knows that repositories are asked for here, and not at Heroku's service for them. */
const REPOSITORIES = "dashboard-repositories-api";

function showFeature(desk: Desk, { params: { feature } }: Call): Answer {
  if (feature !== REPOSITORIES) throw notFound("feature", "that account feature");
  const at = new Date(0).toISOString();
  return {
    body: {
      id: desk.id("feature", REPOSITORIES),
      name: REPOSITORIES,
      display_name: "Repositories",
      description: "Repositories are asked for at this API",
      doc_url: "",
      feedback_email: "",
      state: "general",
      enabled: true,
      created_at: at,
      updated_at: at,
    },
  };
}

/** The user whom the path names: the caller, or anybody for an admin. */
function user(desk: Desk, { caller, params: { user: which = "~" } }: Call): User {
  const { users } = desk.ports.accounts;
  const found = users.find(which === "~" ? caller.id : which);
  // Who else there is, members need not know.
  if (found === undefined || (found.id !== caller.id && caller.role !== "admin")) throw notFound("user");
  return found;
}

/** One may look up whose e-mail address one knows, to give something to them; of another, a member sees no more than that. */
function lookUp(desk: Desk, call: Call): Answer {
  const { caller, params } = call;
  const which = params.user ?? "";
  const other = which.includes("@") ? desk.ports.accounts.users.find(which) : undefined;
  if (other === undefined || other.id === caller.id || caller.role === "admin") {
    return { body: showAccount(user(desk, call)) };
  }
  return { body: showAccount({ ...other, name: undefined, lastLogin: undefined, role: "member" }) };
}

function list(desk: Desk, call: Call): Answer {
  adminOnly(call);
  return { body: desk.ports.accounts.users.list().map(showAccount) };
}

async function changeAccount(desk: Desk, call: Call): Promise<Answer> {
  const { accounts } = desk.ports;
  const of = user(desk, call);
  const wishes = Object.keys(call.body);
  const strange = wishes.find((wish) => !["name", "password", "new_password", "role", "allow_tracking"].includes(wish));
  if (strange !== undefined) throw invalid(strange, `${strange} cannot be changed.`);
  onlyPlanned(call, `Update ${of.email}`);
  const role = optionalText(call, "role");
  if (role !== undefined) {
    adminOnly(call);
    if (role !== "admin" && role !== "member") throw invalid("role", "role must be admin or member.");
    accounts.users.setRole(of.id, role);
  }
  await changePassword(desk, call, of);
  if ("name" in call.body) accounts.users.rename(of.id, optionalText(call, "name"));
  return { body: showAccount(accounts.users.get(of.id) as User) };
}

async function changePassword(desk: Desk, call: Call, of: User): Promise<void> {
  const next = optionalText(call, "new_password");
  if (next === undefined) return;
  if (of.id !== call.caller.id) {
    throw invalid("new_password", `Invite ${of.email} anew instead: the link lets them choose a password.`);
  }
  const present = optionalText(call, "password");
  if (present === undefined) throw invalid("password", "password, the present one, is required.");
  await desk.ports.accounts.logins.changePassword(call.caller, present, next, call.from).catch(refusedLogin);
}

function remove(desk: Desk, call: Call): Answer {
  adminOnly(call);
  const gone = user(desk, call);
  if (gone.id === call.caller.id) throw new ApiError(422, "invalid_params", "Another admin has to remove you.");
  onlyPlanned(call, `Remove ${gone.email}`);
  desk.ports.accounts.users.remove(gone.id);
  return { body: showAccount(gone) };
}

/** Heroku's account, and the role. */
function showAccount(of: User): Record<string, unknown> {
  const time = (at: number | undefined) => (at === undefined ? null : new Date(at).toISOString());
  return {
    id: of.id,
    email: of.email,
    name: of.name ?? null,
    role: of.role,
    acknowledged_msa: false,
    acknowledged_msa_at: null,
    allow_tracking: false,
    beta: false,
    country_of_residence: null,
    created_at: time(of.createdAt),
    default_organization: null,
    default_team: null,
    delinquent_at: null,
    federated: false,
    identity_provider: null,
    italian_customer_terms: null,
    italian_partner_terms: null,
    last_login: time(of.lastLogin),
    sms_number: null,
    suspended_at: null,
    two_factor_authentication: false,
    updated_at: time(of.updatedAt),
    verified: true,
  };
}
