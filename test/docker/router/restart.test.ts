import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Load, startLoad } from "../../support/load.ts";
import { type RouterGround, routerGround } from "./ground.ts";

let ground: RouterGround;
before(async () => {
  ground = await routerGround();
});
after(() => ground?.[Symbol.asyncDispose]());

function load(app: string): Load {
  return startLoad({
    host: `${app}.localhost`,
    port: ground.port,
    rate: 50,
    path: (n) => (n % 20 === 7 ? "/slow" : "/whoami"),
    isFromApp: ({ status }) => status === 200,
  });
}

const dyno = (app: string, service: string, state: "out" | "in") =>
  ground.admin("POST", `/apps/${app}/dynos/${service}`, { state });

/** A dyno's restart: out, stopped, started by Swarm, in. */
async function restart(app: string, service: string): Promise<void> {
  const out = await dyno(app, service, "out");
  assert.deepEqual([out.status, out.body.left], [200, {}]);
  const [container] = await ground.containers(service);
  // Its container is killed and not asked, so that a request still there would be lost.
  await container?.kill();
  const { status, body } = await dyno(app, service, "in");
  assert.equal(status, 200, JSON.stringify(body));
}

test("restarts of the only dyno, and of one of two, lose nothing", async (context) => {
  const only = await ground.dyno("only");
  await ground.put("only", [only]);
  const pair = [await ground.dyno("pair-1"), await ground.dyno("pair-2")];
  await ground.put("pair", pair);
  const traffic = [load("only"), load("pair")];
  try {
    for (const [app, service] of [
      ["only", only],
      ["pair", pair[0] ?? ""],
      ["only", only],
    ] as const) {
      const [before] = await ground.containers(service);
      const started = performance.now();
      await restart(app, service);
      context.diagnostic(`${app} restarted in ${Math.round(performance.now() - started)} ms`);
      const [now] = await ground.containers(service);
      assert.notEqual(now?.id, before?.id);
      await traffic[app === "only" ? 0 : 1]?.seen((answer) => answer.includes(now?.id.slice(0, 12) ?? "?"));
    }
  } finally {
    for (const one of traffic) {
      const { lost, sent } = await one.stop();
      assert.deepEqual(lost.slice(0, 3), [], `${lost.length} of ${sent} lost`);
    }
  }
});

test("a dyno that does not come back is told, and served again when it does", async () => {
  const service = await ground.dyno("away");
  assert.equal((await ground.put("away", [service])).status, 200);
  // It is proven: this is the time that it has to come back.
  assert.equal((await ground.put("away", [service], { check: { type: "http", path: "/", timeout: 1 } })).status, 200);
  assert.equal((await dyno("away", service, "out")).status, 200);
  await ground.empty(service);
  const { status, body } = await dyno("away", service, "in");
  assert.equal(status, 422);
  assert.deepEqual([body.error, body.dyno, body.reason], ["probe", service, "no_name"]);
  const waiting = ground.get("away.localhost");
  await ground.scale(service, 1);
  assert.equal((await waiting).body, "v1");
  assert.equal((await dyno("away", "nobody", "out")).status, 404);
  assert.equal((await dyno("away", service, "in")).status, 200, "it is in");
});
