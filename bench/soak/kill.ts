import type Docker from "dockerode";

/**
 * SIGKILL to a container's first process, as a crash would end it: what is killed through Docker's API counts as
 * stopped by its user, and is not started again.
 *
 * @returns when, in milliseconds of `performance.now()`
 */
export async function killMain(docker: Docker, container: string): Promise<number> {
  const { State } = await docker.getContainer(container).inspect();
  if (!State.Running || State.Pid === 0) throw new Error(`${container} does not run`);
  process.kill(State.Pid, "SIGKILL");
  return performance.now();
}
