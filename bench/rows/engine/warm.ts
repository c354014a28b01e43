import { createRequire } from "node:module";
import { join } from "node:path";
import { Stack } from "../../../engine/src/index.ts";
import { ManyResources } from "./many.ts";

/** A stack that is up, on an engine and with a program in this process, as an embedder has it. */
export class WarmEngine implements AsyncDisposable {
  readonly #many: ManyResources;
  readonly #stack: Stack;
  readonly #program: () => Promise<void>;

  private constructor(many: ManyResources, stack: Stack, program: () => Promise<void>) {
    this.#many = many;
    this.#stack = stack;
    this.#program = program;
  }

  static async create(resources: number): Promise<WarmEngine> {
    const many = await ManyResources.create(resources);
    const { declare } = createRequire(join(many.folder, "index.js"))("./many.js");
    const { createProvider } = await import(join(many.folder, "provider", "index.ts"));
    const backend = `file://${join(many.folder, "state")}`;
    const stack = await Stack.open({ project: "many", stack: "warm", backend, providers: { many: createProvider } });
    const warm = new WarmEngine(many, stack, async () => declare(resources));
    await warm.#update();
    await warm.up();
    return warm;
  }

  /** An update that finds nothing to do. */
  async up(): Promise<void> {
    const changes = Object.keys(await this.#update());
    if (changes.some((change) => change !== "same")) throw new Error(`there were changes: ${changes.join(", ")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#many[Symbol.asyncDispose]();
  }

  async #update(): Promise<object> {
    const { result, errors, changes } = await this.#stack.up(this.#program);
    if (result !== "succeeded") throw new Error(errors.join("\n"));
    return changes;
  }
}
