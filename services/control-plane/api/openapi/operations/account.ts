import { account as shown } from "../objects.ts";
import type { Operations } from "../operation.ts";
import { anything, list, object, oneOf, orNull, text } from "../schema.ts";

const changes = object({
  "name?": orNull(text),
  "password?": orNull(text),
  "new_password?": orNull(text),
  "role?": orNull(oneOf("admin", "member")),
});

export const account: Operations = {
  "GET /account": { summary: "Who asks", answer: shown },
  "PATCH /account": { summary: "Change one's own account", body: changes, example: { name: "Ann" }, answer: shown },
  "GET /users": { summary: "List users, for admins", answer: list(shown) },
  "GET /users/:user": { summary: "A user; ~ is who asks", answer: shown },
  "PATCH /users/:user": { summary: "Change an account", body: changes, example: { name: "Ann" }, answer: shown },
  "DELETE /users/:user": { summary: "Remove a user, for admins", answer: shown },
  "GET /account/features": { summary: "None", answer: list(anything) },
  "GET /account/features/:feature": {
    summary: "What the official command line asks before it asks for repositories",
    answer: anything,
  },
  "GET /account/keys": { summary: "None", answer: list(anything) },
  "POST /account/keys": {
    summary: "Refused: Git speaks HTTPS here",
    body: object({ "public_key?": text }),
    example: { public_key: "ssh-ed25519 AAAA" },
    answer: anything,
  },
  "DELETE /account/keys/:key": { summary: "There is none", answer: anything },
};
