import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../../lib/errors.ts";
import { until } from "../../../support/until.ts";
import { serve } from "./served.ts";

const since = Date.UTC(2026, 0, 2, 3, 4, 5);

test("dynos are shown with command, size and release; one-off dynos once", async () => {
  await using served = await serve();
  served.world.dynos = [
    { dyno: "web.1", type: "web", size: "free", state: "up", since },
    { dyno: "run.1234", type: "run", size: "free", state: "up", since },
  ];
  served.world.oneOffs.push({ app: "shop", command: "bash", env: {}, attach: true, tty: true });
  const { body } = await served.ask("GET", "/apps/shop/dynos");
  assert.equal(body.length, 2);
  const [web, run] = body;
  assert.deepEqual([web.name, web.type, web.size, web.state], ["web.1", "web", "Free", "up"]);
  assert.equal(web.command, "uwsgi uwsgi.ini");
  assert.equal(web.updated_at, "2026-01-02T03:04:05.000Z");
  assert.equal(web.release.version, 1);
  assert.deepEqual([run.name, run.command, run.attach_url], ["run.1234", "bash", null]);
  assert.deepEqual((await served.ask("GET", "/apps/shop/dynos/web.1")).body, web);
  assert.equal((await served.ask("GET", "/apps/shop/dynos/web.2")).body.message, "Couldn't find that dyno.");
});

test("restarts and stops of all, a type or one dyno are accepted at once", async () => {
  await using served = await serve();
  served.world.dynos = [{ dyno: "web.1", type: "web", size: "free", state: "up", since }];
  const cases = [
    ["DELETE", "/apps/shop/dynos", {}],
    ["DELETE", "/apps/shop/dynos/web.1", { dyno: "web.1" }],
    ["DELETE", "/apps/shop/formations/web", { type: "web" }],
    ["POST", "/apps/shop/dynos/web.1/actions/stop", { dyno: "web.1" }],
    ["POST", "/apps/shop/formations/web/actions/stop", { type: "web" }],
  ] as const;
  for (const [method, path, target] of cases) {
    const answer = await served.ask(method, path);
    assert.equal(answer.status, 202, path);
    assert.deepEqual(answer.body, {});
    assert.deepEqual(served.world.restarts.at(-1), { app: "shop", target });
  }
  for (const [method, path] of [
    ["DELETE", "/apps/shop/dynos/web.2"],
    ["DELETE", "/apps/shop/formations/none"],
    ["POST", "/apps/shop/dynos/none.1/actions/stop"],
  ] as const) {
    assert.equal((await served.ask(method, path)).status, 404, path);
  }
  assert.equal(served.world.restarts.length, cases.length);
  assert.equal(served.world.said("shop")[0], "app[api]: Restart of all dynos by user me@example.com");
  assert.deepEqual(served.world.acts.slice(0, 2), ["Restart of all dynos", "Restart of web.1"]);

  served.world.failure = new UserError("web.1 of shop crashed after it was restarted\nand so on");
  assert.equal((await served.ask("DELETE", "/apps/shop/dynos/web.1")).status, 202);
  await until("the log tells it", async () => served.world.said("shop").at(-1)?.includes("failed") === true);
  const told = "app[api]: Restart of web.1 failed: web.1 of shop crashed after it was restarted";
  assert.equal(served.world.said("shop").at(-1), told);

  await served.ask("POST", "/apps/shop/dynos", { body: { command: "sleep 9" } });
  assert.equal((await served.ask("POST", "/apps/shop/dynos/run.1234/actions/stop")).status, 202);
  assert.deepEqual(served.world.stopped, ["run.1234"]);
});

test("a one-off dyno: attached with an address for the terminal, or detached", async () => {
  await using served = await serve();
  const attached = await served.ask("POST", "/apps/shop/dynos", {
    body: { attach: true, command: "bash", env: { TERM: "xterm", COLUMNS: 80, LINES: "24" }, size: "Basic" },
  });
  assert.equal(attached.status, 201);
  assert.equal(attached.body.name, "run.1234");
  assert.equal(attached.body.type, "run");
  assert.equal(attached.body.attach_url, `rendezvous://127.0.0.1:${served.port}/s3cret`);
  assert.deepEqual(served.world.oneOffs[0], {
    app: "shop",
    command: "bash",
    size: "basic",
    env: { TERM: "xterm", COLUMNS: "80", LINES: "24" },
    attach: true,
    tty: true,
  });
  const piped = { attach: true, command: "cat", force_no_tty: true };
  await served.ask("POST", "/apps/shop/dynos", { body: piped });
  assert.deepEqual([served.world.oneOffs[1]?.attach, served.world.oneOffs[1]?.tty], [true, false]);
  const detached = await served.ask("POST", "/apps/shop/dynos", { body: { command: "python job.py" } });
  assert.equal(detached.body.attach_url, null);
  assert.deepEqual([served.world.oneOffs[2]?.attach, served.world.oneOffs[2]?.tty], [false, false]);
  assert.equal(
    served.world.said("shop").at(-1),
    "app[api]: Starting process with command `python job.py` by user me@example.com",
  );
  for (const body of [
    {},
    { command: "" },
    { command: 1 },
    { command: "a\0b" },
    { command: "x".repeat(100_001) },
    { command: "a", size: "huge" },
    { command: "a", env: [] },
    { command: "a", env: { "A=B": "1" } },
    { command: "a", env: { A: {} } },
  ]) {
    assert.equal(
      (await served.ask("POST", "/apps/shop/dynos", { body })).status,
      422,
      JSON.stringify(body).slice(0, 50),
    );
  }
  assert.equal(served.world.oneOffs.length, 3);
});

test("a one-off dyno of a process type runs what the Procfile says of it", async () => {
  await using served = await serve();
  const run = async (command: string) => {
    await served.ask("POST", "/apps/shop/dynos", { body: { command } });
    return served.world.oneOffs.at(-1)?.command;
  };
  assert.equal(await run("worker"), "python work.py");
  assert.equal(await run("worker --once ; echo done"), "python work.py --once ; echo done");
  assert.equal(await run("workers"), "workers");
  assert.equal(await run("echo worker"), "echo worker");
});

test("nothing is run inside of a dyno that serves, and that is said", async () => {
  await using served = await serve();
  const { status, body } = await served.ask("POST", "/apps/shop/dynos/web.1", { body: { command: "bash" } });
  assert.deepEqual([status, body.id], [422, "not_supported"]);
  assert.match(body.message, /heroku run -a shop COMMAND/);
});
