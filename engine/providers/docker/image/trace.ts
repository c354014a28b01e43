import protobuf from "google-protobuf";

const { BinaryReader } = protobuf;
const WIRE_BYTES = 2;

/**
 * What BuildKit's trace has to say: steps as they begin or come from the cache, what they print, and warnings.
 * Source: buildkit's `api/services/control/control.proto`, message StatusResponse.
 */
export function traceLines(base64: string): string[] {
  const { 1: steps = [], 3: logs = [], 4: warnings = [] } = readFields(Buffer.from(base64, "base64"));
  return [
    ...steps.flatMap((step) => stepLine(readFields(step))),
    ...logs.flatMap((log) => readFields(log)[4] ?? []).map(text),
    ...warnings.flatMap((warning) => readFields(warning)[3] ?? []).map(text),
  ];
}

/** A Vertex: name 3, cached 4, started 5, completed 6. */
function stepLine(fields: Fields): string[] {
  const { 3: name = [], 4: cached, 5: started, 6: completed } = fields;
  const title = name.map(text).join("");
  if (completed) return cached ? [`${title} (cached)`] : [];
  return started ? [title] : [];
}

/** A message's fields by number; of those that are no text, bytes or message, only that they are there. */
type Fields = Readonly<Record<number, Uint8Array[]>>;

function readFields(message: Uint8Array): Fields {
  const fields: Record<number, Uint8Array[]> = {};
  const reader = new BinaryReader(message);
  while (reader.nextField() && !reader.isEndGroup()) {
    const field = reader.getFieldNumber();
    const isBytes = reader.getWireType() === WIRE_BYTES;
    const value = isBytes ? reader.readBytes() : new Uint8Array();
    if (!isBytes) reader.skipField();
    fields[field] = [...(fields[field] ?? []), value];
  }
  return fields;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
