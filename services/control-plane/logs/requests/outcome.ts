import { codeOf } from "./code-of.ts";
import { CODES } from "./codes.ts";
import { last } from "./fields.ts";

/** How a request ended, as its line in the app's log says it. */
interface Outcome {
  /** The router's own code, e.g. `H12`; empty: it has none. */
  readonly code: string;
  /** Of the answer; 0: nobody knows. */
  readonly status: number;
  /** Undefined: it says nothing, like a WebSocket's. */
  readonly seconds: number | undefined;
}

/** @param record the router's line after time and app; see `requestText` of `request-line.ts` */
export function requestOutcome(record: string): Outcome {
  const [own, method, , , , , dyno, , time, answered, , , completion, promised, sent] = record.split("\t");
  const code = codeOf({ code: own, method, dyno, status: answered, completion, promised, sent });
  const status = CODES[code]?.status ?? Number.parseInt(answered ?? "", 10);
  const seconds = Number.parseFloat(last(time));
  return {
    code,
    status: Number.isFinite(status) ? status : 0,
    seconds: answered === "101" || !Number.isFinite(seconds) ? undefined : seconds,
  };
}
