import type Docker from "dockerode";
import { UserError } from "../../lib/errors.ts";
import type { Say } from "../steps.ts";
import { LIVE_RESTORE_ADVICE } from "./live-restore.ts";

/** The part of Docker's `GET /info` about the swarm. */
interface SwarmInfo {
  readonly LocalNodeState: "" | "inactive" | "pending" | "active" | "error" | "locked";
  readonly ControlAvailable: boolean;
  readonly Error: string;
  readonly Nodes?: number;
}

/**
 * Makes the engine a one-node swarm if it is in none; one it is in already is used as it is.
 *
 * @throws UserError where the engine can be in no swarm, or not at its next start
 * @param advertise the address other nodes would reach this one at (`DYNOFORM_ADVERTISE_ADDR`)
 */
export async function ensureSwarm(
  docker: Pick<Docker, "info" | "swarmInit">,
  say: Say,
  advertise = "127.0.0.1",
): Promise<string> {
  const info: { Swarm: SwarmInfo; LiveRestoreEnabled?: boolean } = await docker.info();
  if (info.LiveRestoreEnabled) throw new UserError(LIVE_RESTORE_ADVICE);
  const swarm = info.Swarm;
  switch (swarm.LocalNodeState) {
    case "active":
      if (!swarm.ControlAvailable) {
        throw new UserError(
          "this Docker Engine is a worker of a swarm. Run this on one of its managers, or promote the node (`docker node promote`).",
        );
      }
      if ((swarm.Nodes ?? 1) > 1) {
        say(`this swarm has ${swarm.Nodes} nodes; dynos run on this one, because images stay where they are built`);
      }
      return "already a manager";
    case "":
    case "inactive":
      await docker.swarmInit({
        AdvertiseAddr: advertise,
        // A swarm that only this machine can join listens to nobody else.
        ListenAddr: advertise === "127.0.0.1" ? "127.0.0.1:2377" : "0.0.0.0:2377",
      });
      return `made, at ${advertise}`;
    case "locked":
      throw new UserError("Docker's swarm is locked. Run `docker swarm unlock` and repeat the command.");
    default:
      throw new UserError(
        `Docker's swarm is in state "${swarm.LocalNodeState}"${swarm.Error === "" ? "" : ` (${swarm.Error})`}. Mend it, or leave it with \`docker swarm leave --force\`, and repeat the command.`,
      );
  }
}
