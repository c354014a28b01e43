import type { Operations } from "../operation.ts";
import { text } from "../schema.ts";

export const metrics: Operations = {
  "GET /metrics": {
    summary: "What is measured, in Prometheus' text format, for admins",
    answer: text,
    type: "text/plain",
  },
};
