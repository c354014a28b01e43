import { drain } from "../objects.ts";
import type { Operations } from "../operation.ts";
import { flag, list, object, orNull, text, time, uri, uuid, whole } from "../schema.ts";

export const logs: Operations = {
  "POST /apps/:app/log-sessions": {
    summary: "Get a URL of an app's log",
    body: object({
      "dyno?": orNull(text),
      "lines?": whole,
      "source?": orNull(text),
      "tail?": flag,
    }),
    example: { lines: 10, tail: false },
    status: 201,
    answer: object({ id: uuid, logplex_url: uri, created_at: time, updated_at: time }),
  },
  "GET /apps/:app/log-drains": { summary: "List log drains", answer: list(drain) },
  "POST /apps/:app/log-drains": {
    summary: "Send the log somewhere else too",
    body: object({ url: text }),
    example: { url: "https://logs.example.com/" },
    status: 201,
    answer: drain,
  },
  "GET /apps/:app/log-drains/:drain": { summary: "Show a log drain, by id, URL or token", answer: drain },
  "DELETE /apps/:app/log-drains/:drain": { summary: "Remove a log drain, by id, URL or token", answer: drain },
};

/** For whoever has the URL. */
export const openLogs: Operations = {
  "GET /log-sessions/:session/:signature": {
    summary: "The lines of a log, as server-sent events",
    answer: text,
    type: "text/event-stream",
  },
};
