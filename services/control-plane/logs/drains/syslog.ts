import { type StoredLine, timestamp } from "../line.ts";

/** What the drains of Logplex differ in: its HTTPS ones leave out the structured data, against RFC 5424. */
export type Framing = "logplex" | "syslog";

/**
 * A line as a drain gets it: octet-counted (RFC 6587), `83 <45>1 2012-11-30T06:45:29.000000+00:00 host app web.3 - text`.
 *
 * @param token names the drain in plain syslog, where there are no headers
 */
export function frame(line: Omit<StoredLine, "id">, framing: Framing, token: string): Buffer {
  const { time, source, process, text } = line;
  const head = `<${priority(source, process)}>1 ${timestamp(time)} ${framing === "syslog" ? token : "host"} ${source} ${process}`;
  const message = Buffer.from(`${head} ${framing === "syslog" ? "- -" : "-"} ${text}\n`);
  return Buffer.concat([Buffer.from(`${message.length} `), message]);
}

/** Heroku's: local7 for apps, local3 for the router, local5 for Logplex, local0 for the API, syslog for dynos' states. */
function priority(source: string, process: string): number {
  if (source === "app") return process === "api" ? 134 : 190;
  if (process === "router") return 158;
  return process === "logplex" ? 172 : 45;
}
