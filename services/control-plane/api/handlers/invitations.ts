import type { Invitation } from "../../accounts/invitations.ts";
import { type Answer, type Call, optionalText, requiredText } from "../call.ts";
import type { Desk } from "../desk.ts";
import { ApiError, invalid, notFound } from "../errors.ts";
import type { Route } from "../routes.ts";
import { adminOnly, onlyPlanned } from "./rights.ts";

/**
 * How people come to an account: by an admin's invitation, and the very first one by whoever holds the host.
 *
 * @param site where browsers find the platform's pages; by default where the caller reaches the API
 */
export function invitationRoutes(desk: Desk, site: string | undefined): Route[] {
  return [
    ["GET", "/invitations", (call) => list(desk, call)],
    ["POST", "/invitations", (call) => invite(desk, call, site ?? call.origin)],
    ["DELETE", "/invitations/:invitation", (call) => revoke(desk, call)],
    ["POST", "/actions/claim-first-admin", (call) => claimFirst(desk, call)],
  ];
}

function list(desk: Desk, call: Call): Answer {
  adminOnly(call);
  return { body: desk.ports.accounts.invitations.list().map(show) };
}

function invite(desk: Desk, call: Call, site: string): Answer {
  adminOnly(call);
  const role = optionalText(call, "role") ?? "member";
  if (role !== "admin" && role !== "member") throw invalid("role", "role must be admin or member.");
  const email = requiredText(call, "email");
  onlyPlanned(call, `Invite ${email}`);
  const { invitation, secret } = desk.ports.accounts.invitations.create(email, role, call.caller.email);
  return { status: 201, body: { ...show(invitation), url: `${site}/invitation/${secret}` } };
}

function revoke(desk: Desk, call: Call): Answer {
  adminOnly(call);
  const { invitations } = desk.ports.accounts;
  const found = invitations.list().find(({ id }) => id === call.params.invitation);
  if (found === undefined) throw notFound("invitation");
  onlyPlanned(call, `Revoke the invitation of ${found.email}`);
  invitations.revoke(found.id);
  return { body: show(found) };
}

/** The password of the first admin, once. */
async function claimFirst(desk: Desk, call: Call): Promise<Answer> {
  if (call.caller.via !== "key") throw new ApiError(403, "forbidden", "Only who holds the host may do that.");
  onlyPlanned(call, "Set the first admin's password");
  const { email, password } = await desk.ports.accounts.logins.claimFirst();
  return { body: { email, password: password ?? null } };
}

function show(of: Invitation): Record<string, unknown> {
  return {
    id: of.id,
    email: of.email,
    role: of.role,
    invited_by: of.invitedBy,
    created_at: new Date(of.createdAt).toISOString(),
    expires_at: new Date(of.expiresAt).toISOString(),
  };
}
