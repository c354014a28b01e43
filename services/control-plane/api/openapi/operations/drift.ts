import type { Operations } from "../operation.ts";
import { list, object, orNull, text, time } from "../schema.ts";

export const drift: Operations = {
  "GET /apps/:app/drift": {
    summary:
      "What of an app is not as it is declared, as of the last look; looks are switched on by `dynoform:platform.drift`",
    answer: object({
      looked_at: orNull(time),
      differences: list(
        object({ type: text, name: text, path: orNull(text), declared: text, there: text, changed_at: orNull(time) }),
      ),
    }),
  },
};
