import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { OneOffDynos } from "../../../services/control-plane/one-off/one-off-dynos.ts";
import type { OneOffRequest } from "../../../services/control-plane/one-off/ports.ts";
import type { Client } from "../../support/rendezvous.ts";
import { until } from "../../support/until.ts";
import { Ground } from "./ground.ts";

let ground: Ground;
before(async () => {
  ground = await Ground.create();
});
after(() => ground?.[Symbol.asyncDispose]());

const plain = { app: "shop", env: {}, attach: true, tty: false } as const;

async function run(dynos: OneOffDynos, request: Partial<OneOffRequest> & { command: string }): Promise<Client> {
  const made = await dynos.create({ ...plain, ...request });
  return ground.connect(made.secret);
}

test("an attached command: input, output and errors, the mark of an exit code, and nothing is left", async () => {
  const dynos = await ground.start();
  const made = await dynos.create({ ...plain, command: 'cat; echo oops >&2; (exit 7) ; echo "\uFFFF status: $?"' });
  assert.match(made.dyno, /^run\.\d{4}$/);
  assert.deepEqual([made.type, made.size, made.state], ["run", "free", "starting"]);
  assert.equal((await ground.containers())[0]?.State, "created", "it waits for its client");

  const client = await ground.connect(made.secret);
  client.type("hello\n");
  await until("it is answered", async () => client.output() === "hello\n");
  assert.equal(await (await ground.connect(made.secret)).ended, false, "a secret is good for one client");
  assert.equal(dynos.list("shop")[0]?.state, "up");
  client.type("x".repeat(300_000));
  client.endInput();
  assert.equal(await client.ended, true);
  // Docker reads the two streams apart, so that the error may overtake the last of the output.
  assert.match(client.output(), /oops\n/);
  assert.equal(client.output().replace("oops\n", ""), `hello\n${"x".repeat(300_000)}\uFFFF status: 7\n`);
  assert.deepEqual(dynos.list("shop"), []);
  await ground.nothingLeft();
});

test("it is as hardened as a dyno, with the app's variables and its own", async () => {
  const dynos = await ground.start();
  const env = { EXTRA: "a b=c", GUNICORN_CMD_ARGS: "" };
  const client = await run(dynos, { command: "cat /proc/self/status; id; ulimit -u; env", env, size: "standard-2x" });
  assert.equal(await client.ended, true);
  const said = client.output();
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
    assert.match(said, new RegExp(`^${set}:\\t0+$`, "m"));
  assert.match(said, /^NoNewPrivs:\t1$/m);
  assert.match(said, /^uid=\d{7,}/m);
  assert.match(said, /^512$/m);
  assert.match(said, /^GREETING=from outputs$/m);
  assert.match(said, /^EXTRA=a b=c$/m);
  for (const line of ["DYNO_RAM=1024", "WEB_CONCURRENCY=4", "LANG=en_US.UTF-8", "HOME=/app", "GUNICORN_CMD_ARGS="])
    assert.ok(said.split("\n").includes(line), line);
  assert.match(said, /^DYNO=run\.\d{4}$/m);
  assert.doesNotMatch(said, /DYNOFORM_/);
  await assert.rejects(dynos.create({ ...plain, command: "true", env: { DYNOFORM_MODE: "build" } }), /the platform's/);
  await assert.rejects(dynos.create({ ...plain, command: "true", app: "blog" }), /^UserError: blog has no release yet/);
  await ground.nothingLeft();
});

test("a terminal: its size from the start, and keys that are signals", async () => {
  const dynos = await ground.start();
  const command =
    "trap 'echo interrupted; exit' INT; stty size; test -t 1 && echo terminal; env | grep -c LINES; while :; do sleep 0.1; done";
  const env = { TERM: "xterm", COLUMNS: "91", LINES: "31" };
  const client = await run(dynos, { command, tty: true, env });
  await until("it began", async () => client.output().includes("terminal\r\n0\r\n"));
  assert.equal(client.output(), "31 91\r\nterminal\r\n0\r\n");
  client.type("\x03");
  await client.ended;
  assert.match(client.output(), /\^Cinterrupted\r\n$/);
  await ground.nothingLeft();
});

test("a client that goes away ends its command, one that never comes too", async () => {
  const dynos = await ground.start({ attachWithin: 1 });
  const client = await run(dynos, { command: "PS1=ready bash --norc -i", tty: true });
  await until("the shell is there", async () => client.output().includes("ready"));
  client.socket.destroy();
  await ground.nothingLeft();
  assert.deepEqual(dynos.list("shop"), []);

  const made = await dynos.create({ ...plain, command: "true" });
  await ground.nothingLeft();
  assert.equal(await (await ground.connect(made.secret)).ended, false);
});

test("a detached command writes to its container's log, and stays a moment for who reads it", async () => {
  const dynos = await ground.start({ linger: 3 });
  const made = await dynos.create({ ...plain, attach: false, command: "echo $GREETING; exit 3" });
  assert.deepEqual([made.state, made.secret], ["up", undefined]);
  await until("it has ended", async () => (await ground.containers())[0]?.State === "exited");
  const [info] = await ground.containers();
  const labels = { app: "shop", dyno: made.dyno, type: "run", size: "free", platform: ground.name };
  for (const [name, value] of Object.entries(labels)) assert.equal(info?.Labels[`dynoform.${name}`], value);
  const container = ground.docker.getContainer(info?.Id ?? "");
  const log = await container.logs({ stdout: true, stderr: true, follow: false });
  assert.match(log.toString(), /from outputs\n$/);
  assert.equal((await container.inspect()).State.ExitCode, 3);
  await ground.nothingLeft();
});

test("one that runs too long is stopped, and so is one that somebody stops", async () => {
  const dynos = await ground.start({ limit: 1 });
  await dynos.create({ ...plain, attach: false, command: "sleep 1000" });
  await ground.nothingLeft();

  const long = await ground.start();
  const client = await run(long, {
    command: "trap 'echo stopped; exit 5' TERM; echo ready; while :; do sleep 0.1; done",
  });
  await until("it runs", async () => client.output() === "ready\n");
  assert.equal(long.stop("shop", "run.1"), false);
  assert.equal(long.stop("shop", long.list("shop")[0]?.dyno ?? ""), true);
  assert.equal(await client.ended, true);
  assert.match(client.output(), /^ready\n(Terminated\n)?stopped\n/);
  await ground.nothingLeft();
});

test("a new control plane takes over what is detached, and ends what was attached", async () => {
  const first = await ground.start();
  const detached = await first.create({ ...plain, attach: false, command: "sleep 1000" });
  await run(first, { command: "sleep 1000" });
  await first.create({ ...plain, command: "never started" });
  await until("both run", async () => {
    const states = (await ground.containers()).map(({ State }) => State);
    return states.filter((state) => state === "running").length === 2;
  });
  const second = await ground.start();
  await until("only the detached one is left", async () => (await ground.containers()).length === 1);
  const [left] = second.list("shop");
  assert.deepEqual([left?.dyno, left?.command, left?.state], [detached.dyno, "sleep 1000", "up"]);
  second.stop("shop", detached.dyno);
  await ground.nothingLeft();
});

test("image and variables are those of the app's oldest service", async () => {
  const dynos = await ground.start();
  const labels = { "dynoform.platform": ground.name, "dynoform.app": "shop", "dynoform.size": "basic" };
  const service = (name: string, greeting: string) =>
    ground.docker.createService({
      Name: `${ground.name}-${name}`,
      Labels: labels,
      TaskTemplate: {
        ContainerSpec: {
          Image: ground.image,
          Env: [`GREETING=${greeting}`, "PORT=1", "DYNO=web.1", "DYNOFORM_PROCESSES=1"],
        },
      },
      Mode: { Replicated: { Replicas: 0 } },
    });
  await service("old", "from the old");
  await service("new", "from the new");
  const client = await run(dynos, { command: "echo $GREETING $PORT" });
  assert.equal(await client.ended, true);
  assert.equal(client.output(), "from the old 5000\n");
  await ground.nothingLeft();
  assert.deepEqual(ground.problems, []);
});
