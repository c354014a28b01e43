import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../../../services/control-plane/logs/requests/code-of.ts";

/** A line of the router's request log, with the code that the app's log gives it. */
export type LogLine = Record<(typeof FIELDS)[number], string>;

const FIELDS = [
  "time",
  "app",
  "code",
  "method",
  "path",
  "host",
  "requestId",
  "forwardedFor",
  "dyno",
  "connect",
  "service",
  "status",
  "bytes",
  "protocol",
  "completion",
  "promised",
  "sent",
] as const;

/** What stands in the request log of a router's folder now. */
export async function logLines(directory: string): Promise<LogLine[]> {
  const text = await readFile(join(directory, "log/requests"), "utf8");
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line) => {
    const values = line.split("\t");
    assert.equal(values.length, FIELDS.length, line);
    const said = Object.fromEntries(FIELDS.map((field, index) => [field, values[index]])) as LogLine;
    return { ...said, code: codeOf(said) };
  });
}
