import type { Operations } from "../operation.ts";
import { map, orNull, text } from "../schema.ts";

export const configVars: Operations = {
  "GET /apps/:app/config-vars": { summary: "An app's config vars, with what add-ons set", answer: map(text) },
  "PATCH /apps/:app/config-vars": {
    summary: "Set config vars; null removes one",
    body: map(orNull(text)),
    example: { GREETING: "hello", UNUSED: null },
    answer: map(text),
  },
};
