import type { Operations } from "../operation.ts";
import { anything, map } from "../schema.ts";

export const openApiItself: Operations = {
  "GET /openapi.json": { summary: "This description", answer: map(anything) },
};
