import { dyno, formation } from "../objects.ts";
import type { Operations } from "../operation.ts";
import { either, flag, list, map, object, orNull, text } from "../schema.ts";

const nothing = object({});
const quantity = either(
  { type: "integer", minimum: 0, maximum: 100 },
  { type: "string", pattern: "^[+-]?[0-9]{1,6}$" },
);

export const dynos: Operations = {
  "GET /apps/:app/dynos": { summary: "List dynos", answer: list(dyno) },
  "GET /apps/:app/dynos/:dyno": { summary: "A dyno", answer: dyno },
  "POST /apps/:app/dynos": {
    summary: "Run a command in a one-off dyno",
    body: object({
      command: text,
      "attach?": orNull(flag),
      "env?": orNull(map(either(text, { type: "number" }))),
      "force_no_tty?": orNull(flag),
      "size?": orNull(text),
    }),
    example: { command: "python --version", attach: false, env: { TERM: "xterm" } },
    status: 201,
    answer: dyno,
  },
  "POST /apps/:app/dynos/:dyno": { summary: "Refused: nothing runs inside of a dyno", answer: nothing },
  "DELETE /apps/:app/dynos": { summary: "Restart all dynos", status: 202, answer: nothing },
  "DELETE /apps/:app/dynos/:dyno": { summary: "Restart a dyno", status: 202, answer: nothing },
  "DELETE /apps/:app/formations/:type": { summary: "Restart the dynos of a type", status: 202, answer: nothing },
  "POST /apps/:app/dynos/:dyno/actions/stop": { summary: "Stop a dyno", status: 202, answer: nothing },
  "POST /apps/:app/formations/:type/actions/stop": {
    summary: "Stop the dynos of a type",
    status: 202,
    answer: nothing,
  },
  "GET /apps/:app/formation": { summary: "List process types", answer: list(formation) },
  "GET /apps/:app/formation/:type": { summary: "A process type", answer: formation },
  "PATCH /apps/:app/formation": {
    summary: "Scale process types",
    body: object({
      updates: {
        type: "array",
        minItems: 1,
        items: object({ type: text, "quantity?": orNull(quantity), "size?": orNull(text) }),
      },
    }),
    example: { updates: [{ type: "web", quantity: 2 }] },
    answer: list(formation),
  },
  "PATCH /apps/:app/formation/:type": {
    summary: "Scale a process type",
    body: object({ "quantity?": orNull(quantity), "size?": orNull(text) }),
    example: { quantity: "+1" },
    answer: formation,
  },
};
