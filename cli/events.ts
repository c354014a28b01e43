/** A server-sent event. */
export interface ServerEvent {
  /** The newest id so far. */
  readonly id: string | undefined;
  readonly data: string;
}

/** The events of a stream, as far as logs use them. */
export async function* serverEvents(stream: AsyncIterable<Buffer>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let open = "";
  let id: string | undefined;
  let data: string[] = [];
  for await (const chunk of stream) {
    const lines = (open + decoder.decode(chunk, { stream: true })).split("\n");
    open = lines.pop() ?? "";
    for (const line of lines) {
      if (line.startsWith("data: ")) data.push(line.slice(6));
      else if (line.startsWith("id: ")) id = line.slice(4);
      else if (line === "" && data.length > 0) {
        yield { id, data: data.join("\n") };
        data = [];
      }
    }
  }
}
