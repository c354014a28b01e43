import { person } from "../objects.ts";
import type { Operations } from "../operation.ts";
import { anything, either, list, object, oneOf, orNull, text, time, uuid, whole } from "../schema.ts";

const authorization = object({
  id: uuid,
  access_token: object({ id: uuid, expires_in: orNull(whole), token: text }),
  created_at: time,
  description: text,
  scope: list(text),
  updated_at: time,
  user: person,
});

const session = object({ id: uuid, description: text, expires_in: whole, created_at: time, updated_at: time });

const PATH = "/oauth/authorizations";

/** A token is shown whole only in the answer that makes it. */
const create = {
  [`POST ${PATH}`]: {
    summary: "Make a token, with e-mail address and password, or with a token",
    body: object({
      "description?": orNull(text),
      "expires_in?": orNull(either({ type: "integer", minimum: 1 }, { type: "string", pattern: "^[0-9]{1,12}$" })),
      "scope?": orNull(list(oneOf("global"))),
    }),
    example: { description: "laptop", expires_in: 3600 },
    status: 201,
    answer: authorization,
  },
};

export const authorizations: Operations = {
  ...create,
  [`GET ${PATH}`]: { summary: "List one's own tokens", answer: list(authorization) },
  [`GET ${PATH}/~`]: { summary: "There is no default one", answer: anything },
  [`GET ${PATH}/:authorization`]: { summary: "A token of one's own", answer: authorization },
  [`PATCH ${PATH}/:authorization`]: {
    summary: "Describe a token",
    body: object({ "description?": orNull(text) }),
    example: { description: "laptop" },
    answer: authorization,
  },
  [`DELETE ${PATH}/:authorization`]: { summary: "Revoke a token", answer: authorization },
  [`POST ${PATH}/:authorization/actions/regenerate-tokens`]: {
    summary: "Replace a token",
    status: 201,
    answer: authorization,
  },
  "GET /oauth/sessions": { summary: "List the browsers that are logged in", answer: list(session) },
  "DELETE /oauth/sessions/:session": { summary: "Log a browser out", answer: session },
};

export const openAuthorizations: Operations = {
  ...create,
  "POST /auth": {
    summary: "Ask to be let in by a browser",
    body: object({ "description?": orNull(text) }),
    example: { description: "Heroku CLI login" },
    status: 201,
    answer: object({ browser_url: text, cli_url: text, token: text }),
  },
  "GET /auth/cli/:login": {
    summary: "Wait until a person has decided",
    answer: object({ "access_token?": text, "error?": text }),
  },
};
