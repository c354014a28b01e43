import * as pulumi from "@pulumi/pulumi";

/** A dyno as the router finds it. */
export interface RouteDyno {
  /** The Swarm service, which is also the name the router resolves. */
  readonly name: pulumi.Input<string>;
  readonly port: pulumi.Input<number>;
  /** Its name in the router's log: `web.1`. */
  readonly dyno: pulumi.Input<string>;
}

/** How a new dyno proves itself. */
export interface RouteHealthCheck {
  /**
   * `no-worse`: an answer below 500; another, or none, only where no dyno that is replaced does so. `http`: an answer
   * below 500. `tcp`: a connection that is accepted.
   */
  readonly type: pulumi.Input<"no-worse" | "http" | "tcp">;
  /** What is asked for, e.g. `/`. */
  readonly path: pulumi.Input<string>;
  /** Seconds. */
  readonly timeout: pulumi.Input<number>;
}

export interface RouteArgs {
  /** The platform's name. */
  readonly platform: pulumi.Input<string>;
  /** Path of the router's admin socket. */
  readonly socket: pulumi.Input<string>;
  readonly app: pulumi.Input<string>;
  /** Every host name the app answers for, without port. */
  readonly hosts: pulumi.Input<pulumi.Input<string>[]>;
  /** The web dynos; with none the router says so itself. */
  readonly dynos: pulumi.Input<pulumi.Input<RouteDyno>[]>;
  /** Whether the app has a source; without one the router welcomes its visitors. */
  readonly deployed: pulumi.Input<boolean>;
  /** Every request gets a page that says so. @default false */
  readonly maintenance?: pulumi.Input<boolean>;
  /** Requests over HTTP are sent to HTTPS, where the host has a certificate. @default false */
  readonly redirect?: pulumi.Input<boolean>;
  /** Seconds for which browsers are to come by HTTPS alone. @default 0, which tells nobody */
  readonly hsts?: pulumi.Input<number>;
  readonly healthCheck: pulumi.Input<RouteHealthCheck>;
  /** Seconds that requests to the dynos left out have to end. */
  readonly drain: pulumi.Input<number>;
}

/** An app's entry in the router's table: proves new dynos, switches to them and drains the old ones. */
export class Route extends pulumi.CustomResource {
  /** Which change of the table made the entry. */
  declare readonly revision: pulumi.Output<number>;

  constructor(name: string, args: RouteArgs, opts?: pulumi.CustomResourceOptions) {
    super("dyno:index:Route", name, { ...args, revision: undefined }, opts);
  }
}
