import * as pulumi from "@pulumi/pulumi";

export interface DynoProcessArgs {
  /** The platform's name. */
  readonly platform: pulumi.Input<string>;
  readonly app: pulumi.Input<string>;
  /** The dyno's Swarm service. */
  readonly service: pulumi.Input<string>;
  /** As Heroku writes it: `web.1`. */
  readonly dyno: pulumi.Input<string>;
  /** Seconds the dyno must have run before it counts as started; 0: not waited for, as `Route` does that. */
  readonly settle: pulumi.Input<number>;
  /** Seconds for the dyno's container to be gone. */
  readonly stopTimeout: pulumi.Input<number>;
}

/** The running of a dyno's service: made, it has started; deleted, its container is gone. */
export class DynoProcess extends pulumi.CustomResource {
  declare readonly service: pulumi.Output<string>;
  declare readonly dyno: pulumi.Output<string>;

  constructor(name: string, args: DynoProcessArgs, opts?: pulumi.CustomResourceOptions) {
    super("dyno:index:DynoProcess", name, { ...args }, opts);
  }
}
