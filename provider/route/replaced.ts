import type Docker from "dockerode";
import type { CallContext } from "../../engine/src/plugin/contract.ts";
import { scaleService } from "../docker/service.ts";
import type { RouterClient, RouterEntry } from "./router-client.ts";

/**
 * Whether what a deployment replaces serves, when the app sleeps: one of its dynos is started and asked, since what it
 * answered before it fell asleep says little; its database may have been migrated or reset since. It sleeps on then.
 *
 * @param replaced the Swarm services of the dynos that are replaced
 */
export async function askAsleep(
  docker: Docker,
  router: RouterClient,
  serving: RouterEntry,
  replaced: readonly string[],
  check: { readonly path: string; readonly timeout: number },
  call: CallContext,
): Promise<"serve" | "fail"> {
  // All of a release answer alike.
  const dynos = replaced.slice(0, 1);
  call.log("status", "asking the release that sleeps");
  await Promise.all(dynos.map((name) => scaleService(docker, name, (replicas) => Math.max(replicas, 1))));
  try {
    const question = { dynos, path: check.path, seconds: check.timeout };
    return (await router.ask(serving.app, question, call.signal)) ? "serve" : "fail";
  } finally {
    await Promise.all(dynos.map((name) => scaleService(docker, name, () => 0)));
  }
}
