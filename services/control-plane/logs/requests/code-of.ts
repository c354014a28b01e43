import { known, last } from "./fields.ts";

/** What the router's line says of a request's end, as nginx has it. */
interface End {
  /** The router's own code; empty: it has none. */
  readonly code: string | undefined;
  readonly method: string | undefined;
  /** Empty: it was given to none. */
  readonly dyno: string | undefined;
  readonly status: string | undefined;
  /** `OK`; empty: it was cut off. Undefined in lines that were written before the router said it. */
  readonly completion: string | undefined;
  /** Bytes of the answer's body as the dyno announced them. */
  readonly promised: string | undefined;
  /** Bytes of it as they came, of one or several attempts. */
  readonly sent: string | undefined;
}

/**
 * Heroku's code of a request; empty: it went well. The router, which should lose no time, leaves those of connections
 * that broke to who reads its lines.
 */
export function codeOf({ code, method, dyno, status, completion, promised, sent }: End): string {
  const own = known(code);
  if (known(dyno) === "" || completion === undefined) return own;
  // Whoever leaves after a long silence does not end by it.
  if (known(completion) === "" && (own === "" || own === "H15")) return status === "408" ? "H28" : "H27";
  if (own !== "" || method === "HEAD" || status === "304" || known(promised) === "") return own;
  return (Number.parseInt(last(sent), 10) || 0) < Number(promised) ? "H18" : "";
}
