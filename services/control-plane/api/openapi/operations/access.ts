import { named, person } from "../objects.ts";
import type { Operations } from "../operation.ts";
import { anything, either, flag, list, object, oneOf, orNull, text, time, uri, uuid, whole } from "../schema.ts";

const collaborator = object({
  id: uuid,
  app: named,
  created_at: time,
  role: oneOf("owner", "collaborator"),
  updated_at: time,
  user: person,
});

const role = oneOf("admin", "member");
const fields = { id: uuid, email: text, role, invited_by: text, created_at: time, expires_at: time };

const record = object({
  id: whole,
  created_at: time,
  user: orNull(either(person, object({ id: anything, email: anything }))),
  via: orNull(text),
  authorization: orNull(text),
  from: orNull(text),
  method: text,
  path: text,
  app: orNull(text),
  status: whole,
  request_id: orNull(text),
  dry_run: flag,
});

const number = { type: "string", pattern: "^[1-9][0-9]{0,2}$" };

export const access: Operations = {
  "GET /apps/:app/collaborators": { summary: "List who may use an app", answer: list(collaborator) },
  "POST /apps/:app/collaborators": {
    summary: "Share an app",
    body: object({ user: text }),
    example: { user: "bob@example.com" },
    status: 201,
    answer: collaborator,
  },
  "GET /apps/:app/collaborators/:collaborator": { summary: "Somebody who may use an app", answer: collaborator },
  "DELETE /apps/:app/collaborators/:collaborator": { summary: "Share an app no longer", answer: collaborator },
  "POST /account/app-transfers": {
    summary: "Give an app to another user",
    body: object({ app: text, recipient: text }),
    example: { app: "shop", recipient: "bob@example.com" },
    status: 201,
    answer: object({ id: uuid, app: named, owner: person, recipient: person, state: text, created_at: time }),
  },
  "GET /invitations": { summary: "List invitations, for admins", answer: list(object(fields)) },
  "POST /invitations": {
    summary: "Invite somebody, for admins; the link is shown once",
    body: object({ email: text, "role?": orNull(role) }),
    example: { email: "eve@example.com", role: "member" },
    status: 201,
    answer: object({ ...fields, url: uri }),
  },
  "DELETE /invitations/:invitation": { summary: "Revoke an invitation", answer: object(fields) },
  "POST /actions/claim-first-admin": {
    summary: "The first admin's password, once, for whoever holds the host",
    answer: object({ email: text, password: orNull(text) }),
  },
  "GET /audit": {
    summary: "Who did what, for admins",
    query: { user: text, before: number, max: number },
    answer: list(record),
  },
  "GET /apps/:app/audit": {
    summary: "Who did what to an app, for its owner",
    query: { before: number, max: number },
    answer: list(record),
  },
};
