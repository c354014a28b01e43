import type Docker from "dockerode";
import type { CallContext } from "../../engine/src/plugin/contract.ts";
import { scaleService } from "../../lib/docker/service.ts";
import type { RouterClient, RouterEntry } from "../../services/router-client/client.ts";

/**
 * Whether what a deployment replaces serves, when the app sleeps: it is woken and asked, since what it answered before it
 * fell asleep says little; its database may have been migrated or reset since. If it stays, it falls asleep again as
 * every app does.
 *
 * @param replaced the Swarm services of the dynos that are replaced
 */
export async function askAsleep(
  docker: Docker,
  router: RouterClient,
  { app, dynos }: RouterEntry,
  replaced: readonly string[],
  check: { readonly path: string; readonly timeout: number },
  call: CallContext,
): Promise<"serve" | "fail"> {
  call.log("status", "waking the release that sleeps, to ask it");
  // First: dynos that run while the table says that they sleep are stopped again by the control plane.
  await router.mode(app, "awake", call.signal);
  await Promise.all(dynos.map(({ name }) => scaleService(docker, name, (replicas) => Math.max(replicas, 1))));
  const question = { dynos: replaced, path: check.path, seconds: check.timeout };
  return (await router.ask(app, question, call.signal)) ? "serve" : "fail";
}
