import { codeOf } from "./code-of.ts";
import { CODES } from "./codes.ts";
import { known, last } from "./fields.ts";

/**
 * A line of the router's file as Heroku's router writes it: `at=info method=GET path="/" host=… status=200 …`.
 *
 * @param record what follows the time and the app: code, method, URI, host, request id, forwarded for, dyno, connect
 *   time, request time, status, bytes, protocol, completion and the bytes that were promised and sent, between tabs
 */
export function requestText(record: string): string {
  const [own, method, uri, host, id, forwarded, dyno, connect, time, status, bytes, protocol, ...end] =
    record.split("\t");
  const [completion, promised, sent] = end;
  const code = codeOf({ code: own, method, dyno, status, completion, promised, sent });
  const connecting = milliseconds(connect);
  const whole = milliseconds(time);
  const reached = known(dyno) !== "";
  const service = reached && whole !== undefined ? Math.max(0, whole - (connecting ?? 0)) : undefined;
  return (
    `${judgement(code)}method=${known(method)} path="${known(uri)}" host=${known(host)} request_id=${known(id)} ` +
    `fwd="${known(forwarded).replaceAll(" ", "")}" dyno=${known(dyno)} connect=${shown(reached ? connecting : undefined)} ` +
    `service=${shown(service)} status=${CODES[code]?.status ?? known(status)} bytes=${reached ? known(bytes) : ""} protocol=${scheme(protocol)}`
  );
}

function judgement(code: string): string {
  if (code === "") return "at=info ";
  const { at, desc, sock } = CODES[code] ?? { at: "error", desc: "Unknown" };
  return `${sock === undefined ? "" : `sock=${sock} `}at=${at} code=${code} desc="${desc}" `;
}

/** The last attempt's time, if it has any; nginx gives seconds. */
function milliseconds(field: string | undefined): number | undefined {
  const seconds = Number.parseFloat(last(field));
  return Number.isNaN(seconds) ? undefined : Math.round(seconds * 1000);
}

function shown(time: number | undefined): string {
  return time === undefined ? "" : `${time}ms`;
}

function scheme(protocol: string | undefined): string {
  return /^(https|tls)/i.test(protocol ?? "") ? "https" : "http";
}
