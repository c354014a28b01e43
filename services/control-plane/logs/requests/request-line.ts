import { CODES } from "./codes.ts";

/**
 * A line of the router's file as Heroku's router writes it: `at=info method=GET path="/" host=… status=200 …`.
 *
 * @param record what follows the time and the app: code, method, URI, host, request id, forwarded for, dyno, connect
 *   time, request time, status, bytes and protocol, between tabs
 */
export function requestText(record: string): string {
  const [code, method, uri, host, id, forwarded, dyno, connect, time, status, bytes, protocol] = record.split("\t");
  const connecting = milliseconds(connect);
  const whole = milliseconds(time);
  const reached = known(dyno) !== "";
  const service = reached && whole !== undefined ? Math.max(0, whole - (connecting ?? 0)) : undefined;
  return (
    `${judgement(known(code))}method=${known(method)} path="${known(uri)}" host=${known(host)} request_id=${known(id)} ` +
    `fwd="${known(forwarded).replaceAll(" ", "")}" dyno=${known(dyno)} connect=${shown(reached ? connecting : undefined)} ` +
    `service=${shown(service)} status=${CODES[known(code)]?.status ?? known(status)} bytes=${reached ? known(bytes) : ""} protocol=${scheme(protocol)}`
  );
}

function judgement(code: string): string {
  if (code === "") return "at=info ";
  const { at, desc, sock } = CODES[code] ?? { at: "error", desc: "Unknown" };
  return `${sock === undefined ? "" : `sock=${sock} `}at=${at} code=${code} desc="${desc}" `;
}

/** nginx writes a dash for what it does not know. */
function known(field: string | undefined): string {
  return field === undefined || field === "-" ? "" : field;
}

/** Of one or several attempts, `0.001, 0.002 : -`, the last one's, if it has any; nginx gives seconds. */
function milliseconds(field: string | undefined): number | undefined {
  const last = Number.parseFloat((field ?? "").split(/[,:]/).at(-1) ?? "");
  return Number.isNaN(last) ? undefined : Math.round(last * 1000);
}

function shown(time: number | undefined): string {
  return time === undefined ? "" : `${time}ms`;
}

function scheme(protocol: string | undefined): string {
  return /^(https|tls)/i.test(protocol ?? "") ? "https" : "http";
}
