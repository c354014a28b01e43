import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { createServer } from "node:http";
import { networkInterfaces } from "node:os";
import { after, before, test } from "node:test";
import { until } from "../../support/until.ts";
import { FETCH, Ground, type Running, SERVER } from "./ground.ts";

// A refused connection proves nothing where a sandbox answers for every address: what counts is who holds the nonce.
const nonce = randomBytes(16).toString("hex");
const serving = { env: { NONCE: nonce }, args: [SERVER] };
const SERVE = 'exec perl -e "$1" $PORT';

let ground: Ground;
let router: Running;
let victim: Running;

before(async () => {
  ground = await Ground.create();
  [router, victim] = await Promise.all([
    ground.serve(nonce, [8080, 9000], ground.router),
    ground.startDyno(SERVE, serving),
    ground.serve(nonce, [5432, 8080], ground.postgres),
    ground.serve(nonce, [5000, 8080], ground.control),
  ]);
});

after(() => ground?.[Symbol.asyncDispose]());

test("the router reaches a dyno's port, and nobody else does", async () => {
  const targets = victim.addresses.map((address) => `${address}:5000`);
  assert.ok(targets.length >= 2, `addresses: ${targets}`);
  await until("the router gets the nonce", async () => {
    return (await ground.exec(router.container, FETCH, targets[0] ?? "")).output.includes(nonce);
  });
  const fromDyno = await ground.runDyno(FETCH, { args: targets });
  assert.equal(fromDyno.code, 0, fromDyno.output);
  assert.doesNotMatch(fromDyno.output, new RegExp(nonce));
  const foreign = await ground.serve("foreign", [7000]);
  const fromForeign = await ground.exec(foreign.container, FETCH, ...targets);
  assert.doesNotMatch(fromForeign.output, new RegExp(nonce));
});

test("a dyno reaches Postgres' port, and no other of router, Postgres and control plane", async () => {
  const { router: r, postgres: p, control: c } = ground;
  const closed = [`${r}:8080`, `${r}:9000`, `${p}:8080`, `${c}:5000`, `${c}:8080`];
  const { output } = await ground.runDyno(FETCH, { args: [...closed, `${p}:5432`] });
  assert.equal(output, [...closed.map((at) => `${at} `), `${p}:5432 ${nonce}`, ""].join("\n"));
});

test("a dyno reaches no port of the host at any address, nor the cloud's metadata", async () => {
  const host = createServer((_request, response) => response.end(nonce)).listen(0, "0.0.0.0");
  await once(host, "listening");
  try {
    const port = (host.address() as { port: number }).port;
    const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const own = interfaces.filter(({ family }) => family === "IPv4").map(({ address }) => address);
    const targets = [...own, ground.gateway, "169.254.169.254"].map((address) => `${address}:${port}`);
    const { output } = await ground.runDyno(FETCH, { args: [...targets, "169.254.169.254:80"] });
    assert.match(output, /^169\.254\.169\.254:80 $/m);
    assert.doesNotMatch(output, new RegExp(nonce));
    const open = { DYNOFORM_EGRESS: own.filter((address) => !address.startsWith("127.")).join(",") };
    const allowed = await ground.runDyno(FETCH, { args: targets, env: open });
    assert.match(allowed.output, new RegExp(nonce), "the test's own server is where it says");
  } finally {
    host.close();
  }
});

test("what the platform's settings allow is open", async () => {
  const env = { DYNOFORM_EGRESS: `10.0.0.1/32,${ground.control}/32` };
  const { output } = await ground.runDyno(FETCH, { args: [`${ground.control}:5000`, `${ground.router}:8080`], env });
  assert.equal(output, `${ground.control}:5000 ${nonce}\n${ground.router}:8080 \n`);
});

test("private addresses are refused at once, on all protocols, and the internet's are not", async () => {
  const route = `
    for at in 10.0.0.1 172.16.0.1 192.168.1.1 100.64.0.1 169.254.169.254 224.0.0.1 ${ground.gateway}; do
      (echo > /dev/udp/$at/7; echo > /dev/udp/$at/7) 2> /dev/null && echo "udp $at"
      (echo > /dev/tcp/$at/7) 2> /dev/null && echo "tcp $at"
    done
    echo > /dev/udp/198.41.0.4/7 && echo "internet open"
  `;
  const started = performance.now();
  const { output } = await ground.runDyno(route);
  // Sending to a rejected address fails at once; a dropped one would make each TCP connection wait two minutes.
  assert.equal(output, "internet open\n");
  assert.ok(performance.now() - started < 60_000);
});

test("names resolve as on the host, containers' and others'", async () => {
  const known = await lookup("deb.debian.org").then(
    () => true,
    () => false,
  );
  const { Name } = await router.container.inspect();
  const { output } = await ground.runDyno(`getent hosts ${Name.slice(1)}; getent hosts deb.debian.org && echo known`);
  assert.match(output, new RegExp(`^${ground.router} `, "m"));
  assert.equal(output.includes("known"), known, output);
});

test("an app's build reaches no container and is reached by none, even by the router", async () => {
  const env = { DYNOFORM_MODE: "build", DYNOFORM_ROUTER: undefined, DYNOFORM_POSTGRES: undefined, NONCE: nonce };
  const targets = [`${ground.postgres}:5432`, `${ground.router}:8080`, `${victim.addresses[0]}:5000`];
  const { output } = await ground.runDyno(FETCH, { env, args: targets });
  assert.equal(output, targets.map((at) => `${at} \n`).join(""));
  const build = await ground.startDyno(SERVE, { env, args: [SERVER] });
  await until("it serves itself", async () => {
    return (await ground.exec(build.container, FETCH, "127.0.0.1:5000")).output.includes(nonce);
  });
  const fetched = await ground.exec(router.container, FETCH, `${build.addresses[0]}:5000`);
  assert.doesNotMatch(fetched.output, new RegExp(nonce));
});
