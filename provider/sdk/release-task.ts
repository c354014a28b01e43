import * as pulumi from "@pulumi/pulumi";

export interface ReleaseTaskArgs {
  readonly platform: pulumi.Input<{
    readonly name: pulumi.Input<string>;
    /** The platform's folder on the host. */
    readonly directory: pulumi.Input<string>;
    readonly routerAddress: pulumi.Input<string>;
    readonly postgresAddress: pulumi.Input<string>;
    readonly egress: pulumi.Input<readonly string[]>;
    /** The overlay network. */
    readonly networkName: pulumi.Input<string>;
  }>;
  readonly app: pulumi.Input<string>;
  /** As Heroku writes it: `release.1234`. */
  readonly dyno: pulumi.Input<string>;
  /** The image by its id. */
  readonly image: pulumi.Input<string>;
  /** Of the source tree, hex SHA-256. */
  readonly digest: pulumi.Input<string>;
  /** The Procfile's command, run by bash. */
  readonly command: pulumi.Input<string>;
  /** Config vars and what add-ons set. */
  readonly environment: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  readonly size: pulumi.Input<{
    readonly name: pulumi.Input<string>;
    /** Bytes. */
    readonly memory: pulumi.Input<number>;
    /** 0: as many cores as there are. */
    readonly nanoCpus: pulumi.Input<number>;
    readonly processes: pulumi.Input<number>;
    /** Processes that a web server would start. */
    readonly concurrency: pulumi.Input<number>;
  }>;
}

/**
 * The run of an app's `release:` command. It runs when the resource is made and never again: give it a name with a
 * hash of everything that shall make it run anew.
 */
export class ReleaseTask extends pulumi.CustomResource {
  /** The id of the folder with what it wrote, in `release-tasks` of the runtime directory. */
  declare readonly record: pulumi.Output<string>;

  constructor(name: string, args: ReleaseTaskArgs, opts?: pulumi.CustomResourceOptions) {
    super("dyno:index:ReleaseTask", name, { ...args, record: undefined }, opts);
  }
}
