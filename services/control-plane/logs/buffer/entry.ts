import type { LogLine, LogSource } from "../../types.ts";
import type { StoredLine } from "../line.ts";
import { requestText } from "../requests/request-line.ts";

/** A line on its way to the buffer. A request's is kept as the router wrote it until somebody wants to read it. */
export interface Entry {
  /** Microseconds since 1970. */
  readonly time: number;
  readonly kind: "app" | "heroku" | "request";
  readonly process: string;
  readonly text: string;
}

const LETTERS = { app: "a", heroku: "h", request: "r" } as const;
const KINDS = { a: "app", h: "heroku", r: "request" } as const;

/** Entries as the bytes that the buffer keeps. */
export function encode(entries: readonly Entry[]): Buffer {
  let records = "";
  for (const { time, kind, process, text } of entries) {
    records += `${time}\t${LETTERS[kind]}\t${process}\t${text}\n`;
  }
  return Buffer.from(records);
}

/** The lines that were encoded, with ids from `first` on. */
export function decode(records: Uint8Array, first: number, wanted: (line: Head) => boolean): StoredLine[] {
  const text = Buffer.from(records.buffer, records.byteOffset, records.byteLength).toString();
  const lines: StoredLine[] = [];
  for (let at = 0, id = first; at < text.length; id++) {
    const end = text.indexOf("\n", at);
    const [timeEnd, kindEnd] = [text.indexOf("\t", at), text.indexOf("\t", at) + 2];
    const processEnd = text.indexOf("\t", kindEnd + 1);
    const kind = KINDS[text[timeEnd + 1] as keyof typeof KINDS];
    const head: Head = { source: sourceOf(kind), process: text.slice(kindEnd + 1, processEnd) };
    if (wanted(head)) {
      const time = Number(text.slice(at, timeEnd));
      lines.push(stored({ time, kind, process: head.process, text: text.slice(processEnd + 1, end) }, id));
    }
    at = end + 1;
  }
  return lines;
}

/** What a line can be chosen by. */
type Head = Pick<LogLine, "source" | "process">;

function sourceOf(kind: Entry["kind"]): LogSource {
  return kind === "app" ? "app" : "heroku";
}

/** An entry as its readers see it. */
export function stored({ time, kind, process, text }: Entry, id: number): StoredLine {
  return { id, time, source: sourceOf(kind), process, text: kind === "request" ? requestText(text) : text };
}
