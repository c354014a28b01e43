import { isRecord } from "../../../lib/validation/readers.ts";
import type { Stacks } from "../apps/outputs.ts";

/** The config vars that a pipeline's stack put out at its last `up`, by what they are for. Secret. */
interface PipelineOutputs {
  readonly review: Readonly<Record<string, string>>;
  readonly test: Readonly<Record<string, string>>;
}

/** Reads what pipelines' stacks put out, which takes a `pulumi` command, and not again before the state is written. */
export class PipelineOutputsReader {
  readonly #stacks: Stacks;
  readonly #reads = new Map<string, { readonly written: number; readonly outputs: Promise<PipelineOutputs> }>();

  constructor(stacks: Stacks) {
    this.#stacks = stacks;
  }

  async of(stack: string): Promise<PipelineOutputs> {
    const written = await this.#stacks.written(stack);
    const known = this.#reads.get(stack);
    if (known !== undefined && known.written === written) return known.outputs;
    const outputs = this.#read(stack);
    if (written !== undefined) {
      const read = { written, outputs };
      this.#reads.set(stack, read);
      outputs.catch(() => {
        if (this.#reads.get(stack) === read) this.#reads.delete(stack);
      });
    }
    return outputs;
  }

  forget(stack: string): void {
    this.#reads.delete(stack);
  }

  async #read(stack: string): Promise<PipelineOutputs> {
    const { reviewConfig, testConfig } = (await this.#stacks.outputs(stack)) ?? {};
    return { review: texts(reviewConfig), test: texts(testConfig) };
  }
}

function texts(value: unknown): Record<string, string> {
  const entries = Object.entries(isRecord(value) ? value : {});
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
