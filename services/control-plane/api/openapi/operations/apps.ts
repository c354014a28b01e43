import { app } from "../objects.ts";
import type { Operations } from "../operation.ts";
import { list } from "../schema.ts";

export const apps: Operations = {
  "GET /apps": { summary: "List apps", answer: list(app) },
  "GET /users/:user/apps": { summary: "List a user's apps", answer: list(app) },
  "GET /apps/:app": { summary: "An app", answer: app },
};
