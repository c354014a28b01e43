/** Saves a stack's state while a deployment goes on: what changed is encoded, what did not is not written. */
import type { Snapshot } from "../deploy/types.ts";
import type { CheckpointCodec } from "./checkpoint.ts";
import type { FileBackend } from "./file-backend.ts";
import type { StackName } from "./stack-name.ts";

export class StateWriter {
  readonly #backend: FileBackend;
  readonly #name: StackName;
  readonly #codec: CheckpointCodec;
  #written: string | undefined;

  constructor(backend: FileBackend, name: StackName, codec: CheckpointCodec) {
    this.#backend = backend;
    this.#name = name;
    this.#codec = codec;
  }

  /** Resolves when the state is on the disk. */
  async persist(snapshot: Snapshot): Promise<void> {
    const content = await this.#codec.encodeContent(snapshot);
    if (content.text === this.#written) return;
    await this.#backend.write(this.#name, this.#codec.wrap(content));
    this.#written = content.text;
  }
}
