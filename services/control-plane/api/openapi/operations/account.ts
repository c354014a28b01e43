import { account as shown } from "../objects.ts";
import type { Operations } from "../operation.ts";

export const account: Operations = {
  "GET /account": { summary: "Who asks", answer: shown },
  "GET /users/:user": { summary: "A user", answer: shown },
};
