/** A container's output as Docker sends it without a terminal: frames of 8 bytes (stream, 0, 0, 0, length) and data. */
export async function* frames(
  stream: AsyncIterable<Buffer | string>,
): AsyncGenerator<{ readonly error: boolean; readonly data: Buffer }> {
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, typeof chunk === "string" ? Buffer.from(chunk) : chunk]);
    while (rest.length >= 8) {
      const end = 8 + rest.readUInt32BE(4);
      if (rest.length < end) break;
      yield { error: rest[0] === 2, data: rest.subarray(8, end) };
      rest = rest.subarray(end);
    }
  }
}

/** Cuts text that comes in pieces into lines, without blanks at their ends. */
export class Lines {
  readonly #each: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #open = "";

  constructor(each: (line: string) => void) {
    this.#each = each;
  }

  write(data: Uint8Array): void {
    const lines = (this.#open + this.#decoder.decode(data, { stream: true })).split("\n");
    this.#open = lines.pop() ?? "";
    for (const line of lines) this.#each(line.trimEnd());
  }

  /** The last line may have had no end. */
  end(): void {
    if (this.#open !== "") this.#each(this.#open.trimEnd());
    this.#open = "";
  }
}
