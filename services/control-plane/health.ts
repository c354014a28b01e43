import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import type { RouterPort } from "./dynos/router-port.ts";

/** Milliseconds for which a look serves: whoever asks need not be known. */
const FRESH_MS = 5_000;
/** Milliseconds after which a part that says nothing counts as down. */
const ANSWER_TIMEOUT_MS = 2_000;

/** Looks at the platform's parts, at most once in a while. */
export function healthOf(docker: Docker, platform: string, router: Pick<RouterPort, "activity">) {
  let known: { readonly at: number; readonly health: Promise<Health> } | undefined;
  const runs = async (part: string) => (await docker.getContainer(`${platform}-${part}`).inspect()).State.Running;
  const works = (look: Promise<unknown>) =>
    Promise.race([look.then(Boolean, () => false), sleep(ANSWER_TIMEOUT_MS, false, { ref: false })]);
  const look = async (): Promise<Health> => {
    const parts = [router.activity(), runs("postgres"), runs("runner")].map(works);
    const [apps = false, data = false, tools = false] = await Promise.all(parts);
    return { apps, data, tools };
  };
  return (): Promise<Health> => {
    if (known === undefined || Date.now() - known.at >= FRESH_MS) known = { at: Date.now(), health: look() };
    return known.health;
  };
}

/** Whether apps are served, databases can be reached, and changes be made. */
export interface Health {
  readonly apps: boolean;
  readonly data: boolean;
  readonly tools: boolean;
}
