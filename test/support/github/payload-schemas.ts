import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";

/** Says what in a webhook's payload is not as GitHub publishes it (npm `@octokit/webhooks-schemas`). */
export interface PayloadSchemas {
  check(event: string, payload: object): void;
}

/** @param problem gets one line for each */
export function payloadSchemas(problem: (line: string) => void): PayloadSchemas {
  const schema = JSON.parse(readFileSync(new URL("./openapi/webhooks.json", import.meta.url), "utf8"));
  const ajv = new Ajv({ strict: false, allErrors: false });
  addFormats.default(ajv);
  ajv.addSchema({ $id: "webhooks", definitions: schema.definitions });
  return {
    check(event, payload) {
      const action = "action" in payload ? String(payload.action) : "event";
      const name = `${event}$${action}`;
      if (schema.definitions[name] === undefined) return problem(`there is no schema of the event ${name}`);
      const validate = ajv.getSchema(`webhooks#/definitions/${name}`);
      if (validate === undefined || validate(payload)) return;
      for (const { instancePath, message } of validate.errors ?? [])
        problem(`event ${name}${instancePath}: ${message}`);
    },
  };
}
