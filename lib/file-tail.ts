import { open } from "node:fs/promises";
import { isMissing } from "./errors.ts";

/** Reads what was added to a file since the last time. */
export class FileTail {
  readonly #path: string;
  readonly #decoder = new TextDecoder();
  #position = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Nothing while there is no file. */
  async read(): Promise<string> {
    let text = "";
    try {
      await using file = await open(this.#path);
      const buffer = Buffer.alloc(65_536);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#position);
        if (bytesRead === 0) return text;
        this.#position += bytesRead;
        text += this.#decoder.decode(buffer.subarray(0, bytesRead), { stream: true });
      }
    } catch (error) {
      if (isMissing(error)) return text;
      throw error;
    }
  }
}
