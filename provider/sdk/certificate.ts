import * as pulumi from "@pulumi/pulumi";

export interface CertificateArgs {
  /** The platform's name. */
  readonly platform: pulumi.Input<string>;
  /** Path of the router's admin socket. */
  readonly socket: pulumi.Input<string>;
  /** In the router, where those of all apps lie together: lower-case letters, digits, dashes and dots. */
  readonly name: pulumi.Input<string>;
  /** What it is served for: `www.shop.example`, or `*.shop.example`. */
  readonly hosts: pulumi.Input<pulumi.Input<string>[]>;
  /** PEM: the host's own certificate first, then those that signed it. */
  readonly chain: pulumi.Input<string>;
  /** PEM; a secret. */
  readonly key: pulumi.Input<string>;
}

/** A certificate that the router serves host names with. */
export class Certificate extends pulumi.CustomResource {
  constructor(name: string, args: CertificateArgs, opts?: pulumi.CustomResourceOptions) {
    const inputs = { ...args, key: pulumi.secret(args.key) };
    super("dyno:index:Certificate", name, inputs, pulumi.mergeOptions(opts, { additionalSecretOutputs: ["key"] }));
  }
}
