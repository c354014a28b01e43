import { traceLines } from "./trace.ts";

/** A message of a build or pull, as Docker streams it, one a line. */
interface Message {
  readonly id?: string;
  readonly stream?: string;
  readonly status?: string;
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
  /** The image that was built, or BuildKit's trace in base64. */
  readonly aux?: { readonly ID?: string } | string;
}

/**
 * Reads a build's or a pull's stream to its end, line by line; throws the error that it reports.
 *
 * @returns the id of the image that was built, where the stream tells it.
 */
export async function followStream(
  stream: NodeJS.ReadableStream,
  line: (text: string) => void,
): Promise<string | undefined> {
  let image: string | undefined;
  let failed: string | undefined;
  for await (const json of linesOf(stream)) {
    const message: Message = JSON.parse(json);
    failed ??= message.errorDetail?.message ?? message.error;
    if (typeof message.aux === "object") image = message.aux.ID ?? image;
    for (const text of textsOf(message)) {
      for (const part of text.split("\n")) if (part.trim()) line(part.trimEnd());
    }
  }
  if (failed) throw new Error(failed);
  return image;
}

/** The stream's lines that are not empty. Unlike readline's, its errors are thrown. */
async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + (typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }))).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim()) yield line;
  }
  if (rest.trim()) yield rest;
}

function textsOf({ id, aux, stream, status }: Message): string[] {
  if (id !== "moby.buildkit.trace" || typeof aux !== "string") {
    return [stream ?? (status ? [id, status].filter(Boolean).join(": ") : "")];
  }
  return traceLines(aux);
}
