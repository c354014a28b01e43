import { UserError } from "../../../lib/errors.ts";
import { isRecord } from "../../../lib/validation/readers.ts";
import type { Stacks } from "../apps/outputs.ts";
import type { Credential } from "./ports.ts";

/** What a link's stack put out at its last `up`. */
export interface LinkOutputs {
  readonly repositoryId: number;
  /** Undefined: pushes are learnt of by polling. */
  readonly webhook:
    | {
        readonly id: string;
        readonly url: string;
        /** Of its secret, as its address says it. */
        readonly generation: number;
        /** By their generations: of now, of before a rotation, and of after the next one, which GitHub may sign with first. */
        readonly secrets: ReadonlyMap<number, string>;
      }
    | undefined;
  readonly credential: Credential;
}

interface Read {
  /** When the state that was read had been written; undefined: nobody knows. */
  readonly written: number | undefined;
  readonly outputs: Promise<LinkOutputs>;
  /** When that is done. */
  done?: LinkOutputs;
}

/** Reads what links' stacks put out, which takes a `pulumi` command, and not again before the state is written. */
export class LinkOutputsReader {
  readonly #stacks: Stacks;
  readonly #reads = new Map<string, Read>();

  constructor(stacks: Stacks) {
    this.#stacks = stacks;
  }

  /** @throws UserError for a stack that was never brought up */
  async of(stack: string): Promise<LinkOutputs> {
    const written = await this.#stacks.written(stack);
    const known = this.#reads.get(stack);
    if (known !== undefined && written !== undefined && known.written === written) return known.outputs;
    const read: Read = { written, outputs: this.#read(stack) };
    this.#reads.set(stack, read);
    read.outputs.then(
      (outputs) => {
        read.done = outputs;
      },
      () => {
        if (this.#reads.get(stack) === read) this.#reads.delete(stack);
      },
    );
    return read.outputs;
  }

  /** What was read last; undefined: nothing yet. */
  known(stack: string): LinkOutputs | undefined {
    return this.#reads.get(stack)?.done;
  }

  forget(stack: string): void {
    this.#reads.delete(stack);
  }

  async #read(stack: string): Promise<LinkOutputs> {
    const outputs = parse((await this.#stacks.outputs(stack)) ?? {});
    if (outputs !== undefined) return outputs;
    throw new UserError(`${stack} was never brought up. Run \`pulumi up -s ${stack}\`.`);
  }
}

function parse({ repositoryId, webhook, credential }: Readonly<Record<string, unknown>>): LinkOutputs | undefined {
  const by = credentialOf(credential);
  if (typeof repositoryId !== "number" || by === undefined) return undefined;
  return { repositoryId, webhook: webhookOf(webhook), credential: by };
}

function webhookOf(value: unknown): LinkOutputs["webhook"] {
  if (!isRecord(value)) return undefined;
  // One of an older release of ours says no generation.
  const { id, url, generation = 1, secret, previousSecret, nextSecret } = value;
  if (typeof url !== "string" || typeof generation !== "number") return undefined;
  const known = [previousSecret, secret, nextSecret].map((each, index) => [generation - 1 + index, each] as const);
  const secrets = new Map(
    known.filter((each): each is readonly [number, string] => typeof each[1] === "string" && each[1] !== ""),
  );
  return secrets.size === 0 ? undefined : { id: String(id), url, generation, secrets };
}

/** Whole, or nothing. */
function credentialOf(value: unknown): Credential | undefined {
  if (!isRecord(value)) return undefined;
  if (typeof value.token === "string") return { token: value.token };
  if (!isRecord(value.app)) return undefined;
  const { id, installation, pem } = value.app;
  if (pem === undefined || id === undefined || installation === undefined) return undefined;
  return { app: { id: String(id), installation: String(installation), pem: String(pem) } };
}
