import type { LogLine } from "../types.ts";

/** As Logplex shows a line: `2026-01-01T00:00:00.000000+00:00 app[web.1]: hello`. */
export function formatLine({ time, source, process, text }: LogLine): string {
  const milliseconds = Math.floor(time / 1000);
  const microseconds = String(Math.floor(time) % 1000).padStart(3, "0");
  const stamp = new Date(milliseconds).toISOString().replace("Z", `${microseconds}+00:00`);
  return `${stamp} ${source}[${process}]: ${text.replaceAll(/[\r\n]+/g, " ")}`;
}
