import type * as docker from "@pulumi/docker";
import type { PasswordArgs } from "../../provider/sdk/index.ts";
import type { Transform } from "../transform.ts";

/**
 * Changes any resource of a platform before it is registered. Each is called with the arguments, the options and the
 * name of what it changes: `platform-router`, `platform-control-plane`. Names of Docker's and addresses stay as they are.
 *
 * A changed container is replaced, which takes a second and restarts no dyno.
 *
 * @example
 * new Platform("platform", {
 *   transform: {
 *     container(args, _opts, name) {
 *       if (name === "platform-postgres") args.shmSize = 256;
 *     },
 *   },
 * });
 */
export interface PlatformTransform {
  /** The overlay network. A changed one is replaced, and with it every container on it. */
  readonly network?: Transform<docker.NetworkArgs>;
  /** `<name>-router`, `<name>-postgres`, `<name>-control-plane`, `<name>-runner`. */
  readonly container?: Transform<docker.ContainerArgs>;
  /** The images of these: `<name>-router-image`. */
  readonly image?: Transform<docker.ImageArgs>;
  /** `<name>-postgres-volume`, `<name>-backups-volume`. */
  readonly volume?: Transform<docker.VolumeArgs>;
  /** `<name>-postgres-password`, `<name>-provisioner-password`. */
  readonly password?: Transform<PasswordArgs>;
}
