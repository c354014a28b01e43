/** Saves a stack's state while a deployment goes on: what changed is encoded, what did not is not written. */
import type { Snapshot } from "../deploy/types.ts";
import type { Backend } from "./backend.ts";
import type { CheckpointCodec } from "./checkpoint.ts";
import { contradictionIn, IntegrityError } from "./integrity.ts";
import type { StackName } from "./stack-name.ts";

export class StateWriter {
  readonly #backend: Backend;
  readonly #name: StackName;
  readonly #codec: CheckpointCodec;
  readonly #verify: boolean;
  #written: string | undefined;
  #lastGood: string | undefined;

  /** @param verify whether a state that contradicts itself is an error; it is saved all the same */
  constructor(backend: Backend, name: StackName, codec: CheckpointCodec, verify: boolean) {
    this.#backend = backend;
    this.#name = name;
    this.#codec = codec;
    this.#verify = verify;
  }

  /**
   * Resolves when the state is where it is kept.
   *
   * @throws IntegrityError when it makes no sense. It is saved nevertheless, since it alone knows what has been made,
   * and the last good one is kept among the backups.
   */
  async persist(snapshot: Snapshot): Promise<void> {
    const content = await this.#codec.encodeContent(snapshot);
    const contradiction = this.#verify ? contradictionIn(snapshot.resources) : undefined;
    if (contradiction !== undefined) this.#lastGood ??= await this.#backend.backUp(this.#name);
    if (content.text !== this.#written) {
      await this.#backend.write(this.#name, this.#codec.wrap(content));
      this.#written = content.text;
    }
    if (contradiction !== undefined) throw new IntegrityError(contradiction, this.#lastGood);
  }
}
