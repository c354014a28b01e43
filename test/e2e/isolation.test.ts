import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import pg from "pg";
import { type TestPlatform, testPlatform } from "../support/platform.ts";
import { simpleApp } from "../support/simple-app.ts";
import { until } from "../support/until.ts";

/** An app that runs what it is sent, as anybody's code in a dyno can, and says what it keeps when asked for `/`. */
const app = `
import json, os, subprocess

def app(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        argv = json.load(environ["wsgi.input"])
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=25)
        answer = {"code": done.returncode, "output": done.stdout.decode(errors="replace")}
    else:
        answer = {"dyno": os.environ["DYNO"], "keeps": os.environ.get("KEEPS", "")}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
`;

/** Prints what an address answers to \`GET /\`, within two seconds. */
const FETCH = `
import socket, sys
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 2) as peer:
        peer.settimeout(2)
        peer.sendall(b"GET / HTTP/1.0\\r\\nHost: x\\r\\n\\r\\n")
        sys.stdout.write(peer.recv(65536).decode(errors="replace"))
except OSError as error:
    print("failed:", error)
`;

test("an app reaches the router, Postgres and the internet, and nothing of anybody else", async (t) => {
  await using platform = await testPlatform();
  const nonce = randomBytes(16).toString("hex");
  await simpleApp(platform, "mallory", { "run.py": app });
  await simpleApp(platform, "victim", { "run.py": app });
  const addons = { DATABASE: { service: "postgresql", plan: "mini" } };
  const formation = { web: { quantity: 2, size: "free" } };
  await platform.app("mallory", { source: { path: "apps/mallory" }, formation, addons });
  await platform.app("victim", { source: { path: "apps/victim" }, addons }, { KEEPS: nonce });
  await platform.up();
  assert.match((await platform.fetch("victim")).body, new RegExp(nonce));

  const mallory = (...argv: string[]) => runIn(platform, argv);
  const own = await databaseUrl(platform, "mallory");
  const others = await databaseUrl(platform, "victim");

  await t.test("another app's dyno gives its nonce to the router alone", async () => {
    const [address] = await addresses(platform, "victim");
    assert.ok(address !== undefined);
    for (const peer of await addresses(platform, "victim")) {
      assert.doesNotMatch((await mallory("python3", "-c", FETCH, peer, "5000")).output, new RegExp(nonce));
    }
  });

  await t.test("the host's ports are reached at none of its addresses", async () => {
    const server = createServer((_request, response) => response.end(nonce)).listen(0, "0.0.0.0");
    try {
      await once(server, "listening");
      const port = String((server.address() as { port: number }).port);
      const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
      const hosts = interfaces.filter(({ family }) => family === "IPv4").map(({ address }) => address);
      const gateway = await overlayGateway(platform);
      for (const host of [...hosts, gateway, "169.254.169.254"]) {
        const reached = await mallory("python3", "-c", FETCH, host, port);
        assert.doesNotMatch(reached.output, new RegExp(nonce), host);
      }
    } finally {
      server.close();
    }
  });

  await t.test("its own database answers, and another's refuses its credentials", async () => {
    const connect = `import psycopg2, sys\npsycopg2.connect(sys.argv[1]).close()\nprint("connected")`;
    assert.match((await mallory("python3", "-c", connect, own.href)).output, /connected/);
    for (const database of [others.pathname.slice(1), "postgres", "template1"]) {
      const foreign = new URL(own);
      foreign.pathname = `/${database}`;
      const refused = await mallory("python3", "-c", connect, foreign.href);
      assert.match(refused.output, new RegExp(`permission denied for database "${database}"`));
      // The same from the host, where the server's port is published.
      const client = new pg.Client({
        host: "127.0.0.1",
        port: platform.ports.postgres,
        user: own.username,
        password: decodeURIComponent(own.password),
        database,
      });
      client.on("error", () => {});
      await assert.rejects(client.connect(), /permission denied for database/);
    }
  });

  await t.test("it is an ordinary user without capabilities, who cannot change the firewall", async () => {
    const status = (await mallory("cat", "/proc/self/status")).output;
    assert.doesNotMatch(status, /^Uid:\t0\t/m);
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
      assert.match(status, new RegExp(`^${set}:\\t0+$`, "m"));
    }
    assert.match(status, /^NoNewPrivs:\t1$/m);
    assert.notEqual((await mallory("nft", "flush", "ruleset")).code, 0);
    const setuid = await mallory("find", "/", "-xdev", "-perm", "/6000", "-type", "f");
    assert.equal(setuid.output.replaceAll(/^find: .*\n/gm, ""), "");
    const visible = (await mallory("env")).output;
    assert.doesNotMatch(visible, /DYNOFORM_/);
  });

  await t.test("names resolve", async () => {
    const resolved = await mallory("getent", "hosts", `${platform.name}-postgres`);
    assert.equal(resolved.code, 0, resolved.output);
  });

  await t.test("what one dyno does to itself, the other survives", async () => {
    const eat = `chunks = []\nwhile True: chunks.append(bytearray(64 << 20))`;
    const fork = "import os, time\nwhile True:\n  try: os.fork()\n  except OSError: time.sleep(0.1)";
    const bomb = runIn(platform, ["timeout", "8", "python3", "-c", fork]).catch(() => undefined);
    const hog = runIn(platform, ["python3", "-c", eat]).catch(() => undefined);
    await Promise.all([bomb, hog]);
    const answering = new Set<string>();
    await until("both dynos of mallory answer", async () => {
      const { status, body } = await platform.fetch("mallory");
      if (status === 200) answering.add(JSON.parse(body).dyno);
      return answering.size === 2;
    });
    assert.match((await platform.fetch("victim")).body, new RegExp(nonce));
  });
});

async function runIn(platform: TestPlatform, argv: readonly string[]): Promise<{ code: number; output: string }> {
  const { status, body } = await platform.fetch("mallory", "/", { method: "POST", body: JSON.stringify(argv) });
  assert.equal(status, 200, body);
  return JSON.parse(body);
}

async function containersOf(platform: TestPlatform, name: string) {
  const filters = { label: [`dynoform.platform=${platform.name}`, `dynoform.app=${name}`], status: ["running"] };
  const list = await platform.docker.listContainers({ filters });
  return Promise.all(list.map(({ Id }) => platform.docker.getContainer(Id).inspect()));
}

/** Every address of an app's dynos, on the overlay and on the bridge that leads out. */
async function addresses(platform: TestPlatform, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const container of await containersOf(platform, name)) {
    for (const network of Object.values(container.NetworkSettings.Networks)) found.push(network.IPAddress);
    const outside = await platform.docker.getNetwork("docker_gwbridge").inspect();
    const endpoints = Object.entries(outside.Containers as Record<string, { Name: string; IPv4Address: string }>);
    const sandbox = container.NetworkSettings.SandboxID.slice(0, 12);
    for (const [, { Name, IPv4Address }] of endpoints) {
      if (Name.includes(sandbox)) found.push(IPv4Address.split("/")[0] ?? "");
    }
  }
  return found.filter(Boolean);
}

async function overlayGateway(platform: TestPlatform): Promise<string> {
  const network = await platform.docker.getNetwork(platform.name).inspect();
  return network.IPAM?.Config?.[0]?.Gateway ?? "";
}

async function databaseUrl(platform: TestPlatform, name: string): Promise<URL> {
  const [container] = await containersOf(platform, name);
  const line = container?.Config.Env.find((entry) => entry.startsWith("DATABASE_URL="));
  assert.ok(line !== undefined, `${name} has no DATABASE_URL`);
  return new URL(line.slice("DATABASE_URL=".length));
}
