import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type Docker from "dockerode";
import { type RouterGround, routerGround, until } from "../../test/docker/router/ground.ts";
import { type Bench, type Limit, type Row, seconds } from "../row.ts";

const ROUNDS = 15;
/** Of each measurement: short, so that what is held against each other has the same machine. */
const SECONDS = 1;
/** For throughput, and for the time of a request that waits for no other. */
const MANY = 32;
const ONE = 1;
const OTHER_APPS = 1000;
const CHANGES = 20;

/** Answers at once, so that the way to it is what is measured. */
const BACKEND = `
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 1000000;
  server {
    listen 5000 backlog=4096;
    location / { return 200 "hello"; }
  }
}`;

/** What one would write by hand for one app, with the router's headers and connections, and a log as nginx has it. */
const STATIC = (backend: string) => `
worker_processes 2;
events { worker_connections 8192; }
http {
  access_log /tmp/access.log combined buffer=64k flush=100ms;
  upstream app { server ${backend}:5000; }
  server {
    listen 8080 backlog=4096;
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_set_header Host $http_host;
      proxy_set_header Connection close;
      proxy_set_header Via "1.1 nginx";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Port $server_port;
      proxy_set_header X-Request-Id $request_id;
      proxy_set_header X-Request-Start $msec;
    }
  }
}`;

/**
 * A router with one app, and one with a thousand more in its table, beside a static nginx. The three take turns, in an
 * order that changes.
 */
export const bench: Bench = async (say, { rounds: count = ROUNDS }) => {
  await using ground = await routerGround();
  await using among = await routerGround();
  const folder = await mkdtemp(join(tmpdir(), "bench-router-"));
  try {
    const service = `${ground.name}-backend`;
    const backend = await nginx(ground, folder, "backend", BACKEND);
    await nginx(among, folder, "backend", BACKEND);
    const beside = await nginx(ground, folder, "static", STATIC(service));
    for (const side of [ground, among]) {
      const { status, body } = await side.put("bench", [`${side.name}-backend`]);
      if (status !== 200) throw new Error(body.message);
    }
    say(`${OTHER_APPS} apps`);
    for (let i = 0; i < OTHER_APPS; i++) await among.put(`other-${i}`, []);
    const port = (container: Docker.Container, number: number) => target(ground.docker, container, number);
    const targets: Readonly<Record<Who, Target>> = {
      alone: await port(ground.router, 8080),
      among: await port(among.router, 8080),
      plain: await port(beside, 8080),
    };
    await until("the static nginx answers", async () => (await measure(targets.plain, ONE, 1)).requests > 0);

    const rounds: Round[] = [];
    for (let round = 1; round <= count; round++) {
      say(`round ${round} of ${count}`);
      const order: readonly Who[] = round % 2 === 1 ? ["alone", "plain", "among"] : ["among", "plain", "alone"];
      const measured: Partial<Round> = {};
      for (const who of order) {
        measured[who] = { many: await measure(targets[who], MANY), one: await measure(targets[who], ONE) };
      }
      rounds.push(measured as Round);
    }
    const rows = [...compare("router", "alone", rounds), ...compare(`router, ${OTHER_APPS} apps`, "among", rounds)];
    say("changes of the table");
    rows.push(await changes(among, beside));
    const direct = await measure(await port(backend, 5000), MANY);
    say(`the backend itself: ${Math.round(direct.requests)} requests/s, p50 ${direct.p50} ms`);
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

type Who = "alone" | "among" | "plain";
type Round = Record<Who, Side>;
type Side = Readonly<Record<"many" | "one", Measured>>;

function compare(name: string, who: Who, rounds: readonly Round[]): Row[] {
  const row = (what: string, unit: Row["unit"], value: (side: Side) => number, limit?: Limit): Row => ({
    name: `${name}: ${what}`,
    ...middle(rounds.map((round) => ({ ours: value(round[who]), theirs: value(round.plain) }))),
    beside: "a static nginx",
    unit,
    ...(limit && { limit }),
  });
  return [
    row(`throughput, ${MANY} connections`, "requests/s", ({ many }) => many.requests, { least: 0.9 }),
    row("CPU a request", "µs", ({ many }) => many.cpu, { ratio: 1.15 }),
    row(`p50, ${MANY} connections`, "ms", ({ many }) => many.p50),
    row(`p99, ${MANY} connections`, "ms", ({ many }) => many.p99),
    row("p50, one connection", "ms", ({ one }) => one.p50, { more: 0.3 }),
  ];
}

/** A change among a thousand apps until it serves, beside a reload until the new workers do. */
async function changes(ground: RouterGround, beside: Docker.Container): Promise<Row> {
  const rounds: { ours: number; theirs: number }[] = [];
  const hosts = ["bench.localhost", "changed.localhost"];
  for (let round = 0; round < CHANGES; round++) {
    const ours = await seconds(async () => {
      await ground.put("bench", [`${ground.name}-backend`], { hosts: hosts.slice(0, 1 + (round % 2)) });
      const { status } = await ground.get("changed.localhost");
      if (status !== (round % 2 === 1 ? 200 : 404)) throw new Error(`round ${round} answered ${status}`);
    });
    const workers = await workersOf(beside);
    const theirs = await seconds(async () => {
      await beside.kill({ signal: "HUP" });
      await until("it has new workers", async () => (await workersOf(beside)) !== workers);
    });
    rounds.push({ ours: ours * 1000, theirs: theirs * 1000 });
  }
  const name = `router, ${OTHER_APPS} apps: a change, until it serves`;
  return { name, ...middle(rounds), beside: "a reload of the static nginx", unit: "ms", limit: { ours: 200 } };
}

async function workersOf(container: Docker.Container): Promise<string> {
  const { Titles, Processes } = await container.top({ ps_args: "-eo pid,args" });
  const pid = Titles.indexOf("PID");
  const workers = Processes.filter((row: string[]) => row.some((cell) => cell.includes("worker process")));
  return workers.map((row: string[]) => row[pid]).join(" ");
}

/** The round whose ratio is the middle one: both sides of it were measured in the same seconds. */
function middle(rounds: readonly { ours: number; theirs: number }[]): { ours: number; theirs: number } {
  const sorted = [...rounds].sort((a, b) => a.ours / a.theirs - b.ours / b.theirs);
  return sorted[Math.floor(sorted.length / 2)] ?? { ours: Number.NaN, theirs: Number.NaN };
}

/** An nginx of the router's image with a configuration of its own, on the router's network. */
async function nginx(ground: RouterGround, folder: string, what: string, configuration: string) {
  const file = join(folder, `${what}.conf`);
  await writeFile(file, `daemon off;\npid /tmp/nginx.pid;\n${configuration}\n`);
  const { Image, HostConfig } = await ground.router.inspect();
  const container = await ground.docker.createContainer({
    name: `${ground.name}-${what}`,
    Image,
    Entrypoint: ["nginx", "-e", "stderr", "-c", "/bench.conf"],
    Labels: { "dynoform.platform": ground.name },
    HostConfig: { NetworkMode: ground.name, Binds: [`${file}:/bench.conf:ro`], Sysctls: HostConfig.Sysctls },
  });
  await container.start();
  return container;
}

interface Target {
  readonly container: Docker.Container;
  readonly url: string;
}

/** Where the host reaches a container: published ports of 127.0.0.1 go through a process that would be measured too. */
async function target(docker: Docker, container: Docker.Container, port: number): Promise<Target> {
  const { Containers } = await docker.getNetwork("docker_gwbridge").inspect();
  const address = String(Containers?.[container.id]?.IPv4Address ?? "").split("/")[0];
  return { container, url: `http://${address}:${port}/` };
}

interface Measured {
  /** A second. */
  readonly requests: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of the container's CPU a request. */
  readonly cpu: number;
}

/** Requests of a thousand that may fail on their way, as they do on a busy machine. */
const LOST = 1;
const ATTEMPTS = 3;

async function measure(target: Target, connections: number, duration = SECONDS): Promise<Measured> {
  for (let attempt = 1; ; attempt++) {
    const before = await cpu(target.container);
    const said = await wrk(target.url, connections, duration);
    const used = (await cpu(target.container)) - before;
    const number = (pattern: RegExp) => Number(said.match(pattern)?.[1] ?? Number.NaN);
    const total = number(/(\d+) requests in/);
    const errors = said.match(/Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/) ?? [];
    const lost = errors.slice(1).reduce((sum, count) => sum + Number(count), 0);
    const refused = /Non-2xx/.test(said);
    if (!refused && total > 0 && lost * 1000 <= total * LOST) {
      return {
        requests: number(/Requests\/sec:\s+([\d.]+)/),
        p50: milliseconds(said, "50"),
        p99: milliseconds(said, "99"),
        cpu: used / 1000 / total,
      };
    }
    if (attempt === ATTEMPTS) throw new Error(`${target.url} did not answer everything:\n${said}`);
  }
}

async function wrk(url: string, connections: number, duration: number): Promise<string> {
  const host = ["-H", "Host: bench.localhost"];
  const args = ["-t1", `-c${connections}`, `-d${duration}s`, "--timeout", "10s", "--latency", ...host, url];
  return (await promisify(execFile)("wrk", args)).stdout;
}

function milliseconds(said: string, share: string): number {
  const [, value, unit = "ms"] = said.match(new RegExp(`${share}%\\s+([\\d.]+)(us|ms|s)`)) ?? [];
  return Number(value) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? Number.NaN);
}

/** Nanoseconds that a container's processes have used. */
async function cpu(container: Docker.Container): Promise<number> {
  const stats = await container.stats({ stream: false, "one-shot": true });
  return stats.cpu_stats.cpu_usage.total_usage;
}
