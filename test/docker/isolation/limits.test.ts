import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { until } from "../../support/until.ts";
import { FETCH, Ground, type Running, SERVER } from "./ground.ts";

const SERVE = 'exec perl -e "$1" $PORT';

let ground: Ground;
let router: Running;

before(async () => {
  ground = await Ground.create();
  router = await ground.serve("router", [8080], ground.router);
});

after(() => ground?.[Symbol.asyncDispose]());

/** A dyno that answers with its name. */
async function neighbour(): Promise<() => Promise<boolean>> {
  const { addresses } = await ground.startDyno(SERVE, { env: { NONCE: "neighbour serves" }, args: [SERVER] });
  const serves = async () => {
    const { output } = await ground.exec(router.container, FETCH, `${addresses[0]}:5000`);
    return output.includes("neighbour serves");
  };
  await until("the neighbour serves", serves);
  return serves;
}

test("a dyno over its memory limit is killed alone", async () => {
  const serves = await neighbour();
  const greedy = "exec perl -e 'my @kept; push @kept, \"x\" x 1_000_000 while 1'";
  const { container } = await ground.startDyno(greedy, { memory: 64 << 20 });
  const { StatusCode } = await container.wait();
  assert.equal(StatusCode, 137);
  assert.equal((await container.inspect()).State.OOMKilled, true);
  assert.ok(await serves());
});

test("a fork bomb leaves another dyno serving", async () => {
  const serves = await neighbour();
  const bomb = "while :; do sleep 1000 2> /dev/null & done";
  const { container } = await ground.startDyno(bomb, { env: { DYNOFORM_PROCESSES: "40" } });
  await until("the bomb meets its limit", async () => {
    return /fork: .*Resource temporarily unavailable/.test(await ground.log(container));
  });
  for (let times = 0; times < 10; times++) assert.ok(await serves());
  const { Processes } = await container.top();
  assert.ok(Processes.length <= 40, `${Processes.length} processes`);
});

test("SIGTERM reaches what a shell started, and ends the dyno at once", async () => {
  const { container } = await ground.startDyno("true && echo started && sleep 1000");
  await until("it started", async () => (await ground.log(container)).includes("started"));
  const since = performance.now();
  await container.kill({ signal: "SIGTERM" });
  await container.wait();
  assert.ok(performance.now() - since < 5000, "and not after 1,000 seconds");
});
