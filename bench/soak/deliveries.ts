import { setTimeout as sleep } from "node:timers/promises";
import { untilApi } from "../../test/support/dyno-manager.ts";
import { linkedApp, versionedApp } from "../../test/support/github/linked-app.ts";
import type { Delivery } from "../../test/support/github/state.ts";
import { percentile } from "../../test/support/load.ts";
import { until } from "../../test/support/until.ts";
import { killMain } from "./kill.ts";
import { randomFrom } from "./kills/random.ts";

/** Bursts of pushes, with a kill of the control plane in each. */
const BURSTS = 20;
/** Pushes that come while the control plane is away. */
const MISSED = 4;
/** At least so many of 100 answers are to be given while something is built. */
const BESIDE_A_BUILD = 25;
/** Milliseconds that 99 of 100 deliveries are answered in. */
const ANSWERED_MS = 100;
/** Seconds within which a burst has been caught up with. */
const CAUGHT_UP = 180;

/**
 * Pushes in bursts while builds go on. Deliveries come shuffled, some twice and some never, and in each burst the control
 * plane is killed; what it refused or could not take is delivered again now and then.
 *
 * @param count of deliveries
 * @returns what was not as it has to be
 */
export async function deliveries(count: number, say: (line: string) => void, seed: number): Promise<string[]> {
  say(`seed ${seed}`);
  const random = randomFrom(seed);
  const violations: string[] = [];
  await using app = await linkedApp();
  const { github, repository, platform, api, version } = app;
  const container = `${platform.name}-control-plane`;
  // What is sent is chosen here.
  github.deliveries.mode = "lose";
  const answers = new Map<number, number>();
  const times: number[] = [];
  const besideBuild: number[] = [];
  const taken = new Set<string>();

  async function deliver(delivery: Delivery): Promise<void> {
    const started = performance.now();
    github.deliveries.redeliver(delivery);
    await github.deliveries.settled();
    const status = delivery.hook.deliveries.at(-1)?.status ?? 0;
    answers.set(status, (answers.get(status) ?? 0) + 1);
    const took = performance.now() - started;
    if (status === 200 || status === 202) {
      times.push(took);
      if ((await open().catch(() => 0)) > 0) besideBuild.push(took);
    }
    if (status === 202 && taken.has(delivery.guid)) violations.push(`${delivery.guid} was taken twice`);
    if (status === 202) taken.add(delivery.guid);
  }

  const served: number[] = [];
  let watching = true;
  const watch = (async () => {
    while (watching) {
      const now = Number(await version().catch(() => "NaN"));
      if (Number.isInteger(now) && served.at(-1) !== now) served.push(now);
      await sleep(50);
    }
  })();

  let pushed = 0;
  let builds = await buildsOf();
  for (let burst = 1; burst <= BURSTS; burst++) {
    const killAt = 1 + Math.floor(random() * (count / BURSTS - 1));
    const waiting: Delivery[] = [];
    for (let push = 0; push < count / BURSTS; push++) {
      await repository.commit("main", versionedApp(String(++pushed)));
      const delivery = github.deliveries.all.at(-1);
      // The last one comes, if late: one that nothing follows is found by a sweep, ten minutes later.
      const comes = random() > 0.3 || push === count / BURSTS - 1;
      if (push === 0 && delivery !== undefined) {
        await deliver(delivery);
        // The others come beside its build.
        await until("it is built", async () => (await open()) > 0, CAUGHT_UP);
        continue;
      }
      if (delivery !== undefined && comes) waiting.push(delivery);
      if (push === killAt) await killMain(platform.docker, container);
      // So many come while it starts, and the rest finds it there.
      if (push === killAt + MISSED) await untilApi(platform);
      const [late] = waiting.splice(Math.floor(random() * waiting.length), random() > 0.2 ? 1 : 0);
      if (late === undefined) continue;
      await deliver(late);
      const refused = (late.hook.deliveries.at(-1)?.status ?? 0) >= 500;
      // GitHub's users have it delivered again, and some of what was taken comes twice.
      if (refused || random() > 0.8) waiting.push(late);
    }
    await untilApi(platform);
    for (const late of waiting) await deliver(late);
    await until(`${pushed} serves`, async () => (await version()) === String(pushed), CAUGHT_UP);
    await until("nothing is built", async () => (await open()) === 0, CAUGHT_UP);
    const all = await buildsOf();
    // One more, where the control plane was killed in the middle of one.
    if (all - builds > 3) violations.push(`burst ${burst}: ${all - builds} builds`);
    say(
      `burst ${burst}: ${pushed} pushes, ${all - builds} builds, p99 ${percentile(sorted(times), 0.99).toFixed(0)} ms`,
    );
    builds = all;
  }
  watching = false;
  await watch;

  async function buildsOf(): Promise<number> {
    return (await api.ask("GET", "/apps/shop/builds")).body.length;
  }

  async function open(): Promise<number> {
    const { body } = await api.ask("GET", "/apps/shop/builds");
    return body.filter(({ status }: { status: string }) => status === "pending").length;
  }

  if (answers.has(404)) violations.push(`${answers.get(404)} were answered as if there were no such webhook`);
  const back = served.findIndex((each, index) => index > 0 && each < (served[index - 1] ?? 0));
  if (back !== -1) violations.push(`${served[back]} was served after ${served[back - 1]}`);
  const p99 = percentile(sorted(times), 0.99);
  const beside = besideBuild.length === 0 ? Number.NaN : percentile(sorted(besideBuild), 0.99);
  const statuses = [...answers].map(([status, number]) => `${number} × ${status}`).join(", ");
  say(
    `${pushed} pushes, ${times.length} taken; answers: ${statuses}; p50 ${percentile(sorted(times), 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
  );
  say(`${besideBuild.length} of them beside a build: p99 ${beside.toFixed(1)} ms`);
  say(`${served.length} versions served, each newer than the one before; ${builds} builds`);
  if (p99 > ANSWERED_MS) violations.push(`p99 of the answers is ${p99.toFixed(0)} ms`);
  if (beside > ANSWERED_MS) violations.push(`p99 of the answers beside a build is ${beside.toFixed(0)} ms`);
  if (besideBuild.length < (times.length * BESIDE_A_BUILD) / 100)
    violations.push("too few answers were beside a build");
  return violations;
}

function sorted(times: readonly number[]): number[] {
  return times.toSorted((a, b) => a - b);
}
