import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import type { TestPlatform } from "./platform.ts";

/** What Docker itself tells of when containers ran, from the moment it is asked. */
interface DynoSeconds extends Disposable {
  /** Seconds of an app's dynos until now, each once while two of its containers run, one-off dynos and release tasks apart. */
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

/** Seconds since 1970. */
interface Run {
  readonly app: string;
  readonly dyno: string;
  readonly from: number;
  /** Undefined: it runs. */
  to?: number;
}

/** Seconds in which at least one ran. */
function together(runs: readonly Run[], now: number): number {
  let [sum, until] = [0, 0];
  for (const { from, to = now } of runs.toSorted((a, b) => a.from - b.from)) {
    sum += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return sum;
}

/** Follows Docker's events, which a killed control plane may miss. */
export async function dynoSeconds(platform: TestPlatform): Promise<DynoSeconds> {
  const runs = new Map<string, Run>();
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
    const { "dynoform.app": app = "", "dynoform.dyno": dyno = "" } = Actor.Attributes;
    if (Action === "start") runs.set(Actor.ID, { app, dyno, from: at });
    else if (run !== undefined) run.to = at;
  });
  return {
    of(app) {
      const now = Date.now() / 1000;
      const own = [...runs.values()].filter((run) => run.app === app);
      const dynos = Map.groupBy(own, ({ dyno }) => dyno).values();
      return dynos.reduce((sum, dyno) => sum + together(dyno, now), 0);
    },
    [Symbol.dispose]: () => stop.abort(),
  };
}
