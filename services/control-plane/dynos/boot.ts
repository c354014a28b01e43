import { setTimeout as sleep } from "node:timers/promises";
import type { KnownDyno } from "./docker-dynos.ts";
import { isUnrouted, probeFailure, type RouterPort } from "./router-port.ts";

/** Milliseconds between looks for a dyno in the router's table, and at an app that is being woken. */
const LOOK_EVERY_MS = 500;
const WAKING_LOOK_EVERY_MS = 50;
/** The same for one whose time is over, and which listens: it may be left by an `up` that was killed. */
const LATE_LOOK_EVERY_MS = 2000;

interface Boot {
  /** `silent`: it did not listen on its port in time. `gone`: it has ended. */
  readonly result: "up" | "silent" | "gone";
  /** Whether it has a place in the router's table. */
  readonly routed: boolean;
  /** Seconds it had. */
  readonly timeout: number;
}

/**
 * Waits until a web dyno serves. One that is in the router's table does when it answers the router; one that is not
 * is being proven by an `up`, and serves when that has put it there. If it listens, that `up` has as long as it takes.
 *
 * @param unproven seconds that it has, unless its app's check says other
 * @param gone aborted when the container has ended
 */
export async function booted(
  router: RouterPort,
  { app, service }: Pick<KnownDyno, "app" | "service">,
  unproven: number,
  gone: AbortSignal,
): Promise<Boot> {
  const started = performance.now();
  let timeout = unproven;
  let routed = false;
  let reached = false;
  let asked = false;
  /** Whether it was seen to listen; undefined: who can tell did not for a moment. */
  let listens: boolean | undefined = false;
  while (!gone.aborted) {
    let pause = LOOK_EVERY_MS;
    try {
      const entry = (await router.list()).find((other) => other.app === app);
      routed = entry?.dynos.some(({ name }) => name === service) ?? false;
      timeout = entry?.check?.timeout ?? unproven;
      reached = true;
      // Until its app is awake the router asks no dyno.
      const rests = entry?.mode === "asleep" || entry?.mode === "napping";
      asked = routed && !rests;
      if (rests) pause = WAKING_LOOK_EVERY_MS;
      if (asked) {
        await Promise.race([router.putIn(app, service ?? ""), aborted(gone)]);
        return { result: gone.aborted ? "gone" : "up", routed, timeout };
      }
    } catch (error) {
      const reason = probeFailure(error);
      // It listens; what it says, and when, is the app's affair.
      if (reason === "status" || reason === "no_answer")
        return { result: gone.aborted ? "gone" : "up", routed, timeout };
      if (reason === undefined && !isUnrouted(error)) reached = false;
    }
    // Once is enough: one that an `up` refuses and stops as its time is over listens no longer.
    if (!asked && listens !== true) listens = await router.bound(service ?? "").catch(() => undefined);
    const left = started + timeout * 1000 - performance.now();
    if (left <= 0 && (asked || !reached || listens === false)) break;
    await sleep(left > 0 ? Math.min(pause, left) : LATE_LOOK_EVERY_MS, undefined, { signal: gone }).catch(() => {});
  }
  if (gone.aborted) return { result: "gone", routed, timeout };
  // Without a router nobody can say; the dyno runs.
  return { result: reached ? "silent" : "up", routed, timeout };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
