import Docker from "dockerode";
import { patient } from "../../engine/providers/docker/patience.ts";

/** A client of the engine that the environment names, patient with one that is being started again. */
export function dockerClient(): Docker {
  return patient(new Docker());
}
