import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import type { TestPlatform } from "./platform.ts";

/** What Docker itself tells of when containers ran, from the moment it is asked. */
export interface DynoSeconds extends Disposable {
  /** Seconds of an app's dynos until now, those of one-off dynos and release tasks apart. */
  of(app: string): number;
}

/**
 * Holds what the platform has counted of an app against what Docker says ran, before it was asked and after.
 *
 * @param most seconds that may be between the two
 */
export async function assertCounted(
  seconds: DynoSeconds,
  app: string,
  counted: () => Promise<number>,
  most: number,
): Promise<string> {
  const [before, used, after] = [seconds.of(app), await counted(), seconds.of(app)];
  const told = `${app}: ${used.toFixed(1)} s counted, ${before.toFixed(1)} to ${after.toFixed(1)} s ran`;
  assert.ok(used > before - most && used < after + most, told);
  return told;
}

interface Told {
  readonly Action: string;
  readonly timeNano: number;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

/** Follows Docker's events, which a killed control plane may miss. */
export async function dynoSeconds(platform: TestPlatform): Promise<DynoSeconds> {
  const runs = new Map<string, { readonly app: string; readonly from: number; to?: number }>();
  const stop = new AbortController();
  const filters = JSON.stringify({
    type: ["container"],
    event: ["start", "die"],
    label: [`dynoform.platform=${platform.name}`, "com.docker.swarm.service.name"],
  });
  const events = await platform.docker.getEvents({ filters, abortSignal: stop.signal });
  // It ends with an error when it is aborted.
  events.on("error", () => {});
  createInterface({ input: events.pipe(new PassThrough()) }).on("line", (line) => {
    const { Action, timeNano, Actor }: Told = JSON.parse(line);
    const at = timeNano / 1e9;
    const run = runs.get(Actor.ID);
    if (Action === "start") runs.set(Actor.ID, { app: Actor.Attributes["dynoform.app"] ?? "", from: at });
    else if (run !== undefined) run.to = at;
  });
  return {
    of(app) {
      const now = Date.now() / 1000;
      const own = [...runs.values()].filter((run) => run.app === app);
      return own.reduce((sum, { from, to = now }) => sum + to - from, 0);
    },
    [Symbol.dispose]: () => stop.abort(),
  };
}
