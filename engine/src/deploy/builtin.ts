import type { InvokeRequest, InvokeResult, Provider, ReadRequest, ReadResult } from "../plugin/contract.ts";
import { containsSecrets } from "../values/secrets.ts";
import type { PropertyMap } from "../values/values.ts";

const stackReference = "pulumi:pulumi:StackReference";

/** Reads the outputs of another stack; undefined when there is no such stack. */
type StackOutputs = (stack: string) => Promise<PropertyMap | undefined>;

/** The package `pulumi`, which every engine has built in: references to other stacks. */
export class BuiltinProvider implements Provider {
  readonly name = "pulumi";
  readonly version = "";
  readonly #stackOutputs: StackOutputs;

  constructor(stackOutputs: StackOutputs) {
    this.#stackOutputs = stackOutputs;
  }

  async configure(): Promise<void> {}

  async check(): Promise<never> {
    return unsupported();
  }

  async diff(): Promise<never> {
    return unsupported();
  }

  async create(): Promise<never> {
    return unsupported();
  }

  async update(): Promise<never> {
    return unsupported();
  }

  async delete(): Promise<void> {}

  async read(request: ReadRequest): Promise<ReadResult> {
    if (request.type !== stackReference) throw new Error(`the resource type ${request.type} is not supported`);
    return { id: request.id, inputs: request.inputs, outputs: await this.#reference(request.id) };
  }

  async invoke(request: InvokeRequest): Promise<InvokeResult> {
    if (request.token !== "pulumi:pulumi:readStackOutputs") {
      throw new Error(`the function ${request.token} is not supported`);
    }
    const { name } = request.args;
    if (typeof name !== "string") throw new Error("readStackOutputs needs the name of a stack");
    return { outputs: await this.#reference(name) };
  }

  async #reference(name: string): Promise<PropertyMap> {
    const outputs = await this.#stackOutputs(name);
    if (!outputs) throw new Error(`the stack "${name}", which this program refers to, does not exist`);
    const secretOutputNames = Object.keys(outputs)
      .filter((key) => containsSecrets(outputs[key] ?? null))
      .sort();
    return { name, outputs, secretOutputNames };
  }
}

function unsupported(): never {
  throw new Error("the package pulumi has no resources that this engine manages");
}
