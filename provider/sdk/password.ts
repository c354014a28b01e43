import * as pulumi from "@pulumi/pulumi";

export interface PasswordArgs {
  /**
   * Characters: 16 to 128.
   * @default 32
   */
  readonly length?: pulumi.Input<number>;
}

/** A random password of letters and digits, made once and kept in the state as a secret. */
export class Password extends pulumi.CustomResource {
  /** The password; a secret. */
  declare readonly result: pulumi.Output<string>;
  declare readonly length: pulumi.Output<number>;

  constructor(name: string, args: PasswordArgs = {}, opts?: pulumi.CustomResourceOptions) {
    const inputs = { length: args.length ?? 32, result: undefined };
    super("dyno:index:Password", name, inputs, pulumi.mergeOptions(opts, { additionalSecretOutputs: ["result"] }));
  }
}
