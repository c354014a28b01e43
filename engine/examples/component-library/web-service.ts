import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

export interface WebServiceArgs {
  readonly image: pulumi.Input<string>;
  /** How many containers there are. @default 1 */
  readonly copies?: number;
  /** Handed to the containers as PASSWORD. */
  readonly password: pulumi.Input<string>;
  /** The name of a volume that is there already, and is the service's from now on. @default a new one is made */
  readonly existingVolume?: string;
}

/** Containers of one image, with a network of their own and a volume that outlives them. */
export class WebService extends pulumi.ComponentResource {
  /** The names of the containers. */
  readonly containers: pulumi.Output<string[]>;

  constructor(name: string, args: WebServiceArgs, options?: pulumi.ComponentResourceOptions) {
    super("library:index:WebService", name, {}, options);
    const network = new docker.Network(`${name}-network`, {}, { parent: this });
    const { existingVolume } = args;
    const volume = existingVolume
      ? new docker.Volume(`${name}-data`, { name: existingVolume }, { parent: this, import: existingVolume })
      : new docker.Volume(`${name}-data`, {}, { parent: this });
    const containers = Array.from(
      { length: args.copies ?? 1 },
      (_, index) =>
        new docker.Container(
          `${name}-${index}`,
          {
            image: args.image,
            networksAdvanced: [{ name: network.name }],
            volumes: [{ volumeName: volume.name, containerPath: "/data" }],
            envs: [pulumi.interpolate`PASSWORD=${args.password}`],
          },
          { parent: this },
        ),
    );
    this.containers = pulumi.all(containers.map((container) => container.name));
    this.registerOutputs({ containers: this.containers });
  }
}
