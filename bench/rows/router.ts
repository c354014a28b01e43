import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type Docker from "dockerode";
import { type RouterGround, routerGround, until } from "../../test/docker/router/ground.ts";
import type { Bench, Row } from "../row.ts";

const ROUNDS = 5;
/** Of each measurement. */
const SECONDS = 3;
const CONNECTIONS = 32;
const OTHER_APPS = 1000;

/** Answers at once, so that the way to it is what is measured. */
const BACKEND = `
events {}
http {
  access_log off;
  server {
    listen 5000 backlog=4096;
    location / { return 200 "hello"; }
  }
}`;

/** What one would write by hand for one app, with the router's headers and connections. */
const STATIC = (backend: string) => `
worker_processes 2;
events { worker_connections 8192; }
http {
  access_log off;
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

/** The router among a thousand apps beside a static nginx before the same backend, and beside the backend itself. */
export const bench: Bench = async (say) => {
  await using ground = await routerGround();
  const folder = await mkdtemp(join(tmpdir(), "bench-router-"));
  try {
    const backend = await nginx(ground, folder, "backend", BACKEND);
    const beside = await nginx(ground, folder, "static", STATIC(`${ground.name}-backend`));
    for (let i = 0; i < OTHER_APPS; i++) await ground.put(`other-${i}`, []);
    const { status, body } = await ground.put("bench", [`${ground.name}-backend`]);
    if (status !== 200) throw new Error(body.message);

    const targets = {
      router: `http://${await address(ground.docker, ground.router)}:8080/`,
      static: `http://${await address(ground.docker, beside)}:8080/`,
      direct: `http://${await address(ground.docker, backend)}:5000/`,
    };
    await until("the static nginx answers", async () => (await measure(targets.static, 1)).requests > 0);
    const rounds: Record<keyof typeof targets, Measured>[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      say(`round ${round} of ${ROUNDS}`);
      rounds.push({
        router: await measure(targets.router, SECONDS),
        static: await measure(targets.static, SECONDS),
        direct: await measure(targets.direct, SECONDS),
      });
    }
    const row = (name: string, what: keyof Measured, than: "static" | "direct", unit: Row["unit"]): Row => ({
      name,
      ours: median(rounds.map(({ router }) => router[what])),
      beside: than === "static" ? "a static nginx" : "the backend itself",
      theirs: median(rounds.map((measured) => measured[than][what])),
      unit,
    });
    return [
      row(`router, ${CONNECTIONS} connections, ${OTHER_APPS} apps: throughput`, "requests", "static", "requests/s"),
      row("router: p50", "p50", "static", "ms"),
      row("router: p99", "p99", "static", "ms"),
      row("router: throughput", "requests", "direct", "requests/s"),
      row("router: p50", "p50", "direct", "ms"),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

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

/** Where the host reaches a container: published ports of 127.0.0.1 go through a process that would be measured too. */
async function address(docker: Docker, container: Docker.Container): Promise<string> {
  const { Containers } = await docker.getNetwork("docker_gwbridge").inspect();
  return String(Containers?.[container.id]?.IPv4Address ?? "").split("/")[0] ?? "";
}

interface Measured {
  readonly requests: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

async function measure(url: string, seconds: number): Promise<Measured> {
  const args = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "--latency", "-H", "Host: bench.localhost", url];
  const { stdout } = await promisify(execFile)("wrk", args).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" ? new Error("wrk is not installed: `apt-get install wrk`") : error;
  });
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${url} did not answer everything:\n${stdout}`);
  const number = (pattern: RegExp) => Number(stdout.match(pattern)?.[1]);
  const time = (share: string) => {
    const [, value, unit = "ms"] = stdout.match(new RegExp(`${share}%\\s+([\\d.]+)(us|ms|s)`)) ?? [];
    return Number(value) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? Number.NaN);
  };
  return { requests: number(/Requests\/sec:\s+([\d.]+)/), p50: time("50"), p99: time("99") };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
