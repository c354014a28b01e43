/** Neither the engine nor a provider, nor what they share, waits for time where something could be waited for. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { timersIn } from "./timers.ts";

/** Each place that may wait for time, as often as it does, and why it is no condition that it could wait for. */
const ALLOWED: readonly (readonly [place: string, reason: string])[] = [
  ["engine/providers/docker/patience.ts patient", "back-off: a dockerd that is down tells nobody when it is up again"],
  ["engine/providers/docker/wait.ts waitUntil", "besides events: Swarm's tasks and housekeeping send none"],
  ["engine/providers/github/client.ts sender", "asked for: GitHub says when it takes the next request"],
  ["engine/providers/github/client.ts sender", "asked for: GitHub wants a second between two writes"],
  [
    "engine/providers/postgresql/client.ts connect.open.query",
    "back-off: somebody else changes the same catalogue row",
  ],
  ["engine/providers/postgresql/client.ts connect.open.session", "back-off: a server tells nobody when it has started"],
  ["engine/src/deploy/program-process.ts ProgramProcess.stop", "limit: a program that does not end is killed"],
  ["engine/src/plugin/host.ts end", "limit: a plugin that does not end is killed"],
  ["engine/src/plugin/host.ts readPort", "limit: a plugin that prints no port has failed"],
  [
    "engine/src/state/postgres-bucket.ts PostgresBucket.#run",
    "back-off: a server that is away tells nobody when it is back",
  ],
  ["lib/docker/execution.ts untilEnded", "besides its output: that of a container that was killed may never end"],
  ["lib/turns.ts either", "besides a watched folder: a process that dies changes no file"],
  [
    "provider/docker/containers.ts stopService",
    "Swarm's tasks send no events, and the list of containers lags behind them",
  ],
  ["provider/process/process.ts running", "limit: a dyno that does not start has failed"],
  ["provider/process/process.ts running", "what is asked: whether a dyno runs for some seconds"],
  ["provider/route/deploy.ts warn", "what is asked: what a dyno logs within a moment of its answer"],
  ["services/router-client/client.ts RouterClient.#patiently", "back-off: a router tells nobody when it is up again"],
];

test("nothing is waited for by time that could be waited for itself", () => {
  const files = globSync("{engine,lib,model,provider,services/router-client,sources}/**/*.{ts,mjs,js}", {
    exclude: ["**/node_modules/**", "**/dist/**"],
  });
  assert.ok(files.length > 100, `${files.length} files`);
  const found = files.flatMap((file) => timersIn(readFileSync(file, "utf8")).map((place) => `${file} ${place}`.trim()));
  assert.deepEqual(found.sort(), ALLOWED.map(([place]) => place).sort());
});

test("a sleep is found under any name", () => {
  const found = timersIn(`
import { setTimeout as sleep, scheduler } from "node:timers/promises";
import * as timers from "node:timers";
import { setImmediate as turn } from "timers/promises";
await sleep(10);
async function wait() {
  await turn();
  for (;;) await scheduler.wait(10);
}
class Watch {
  #look() {
    const again = () => timers.setInterval(again, 10);
    new Promise((resolve) => globalThis.setTimeout(resolve, 10));
  }
}
function asPromise() {
  return promisify(setTimeout);
}
request.setTimeout(10);
`);
  assert.deepEqual(found, ["", "wait", "Watch.#look", "Watch.#look", "asPromise"]);
});
