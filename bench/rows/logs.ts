import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { DockerLog } from "../../services/control-plane/logs/collect/docker-log.ts";
import { type DynoLogsGround, dynoLogsGround, NUMBERS, numbers, range } from "../../test/docker/logs/ground.ts";
import { until } from "../../test/support/until.ts";
import { type Bench, quantile, type Row, seconds } from "../row.ts";

const DYNOS = ["web.1", "web.2", "worker.1"];
/** Of each dyno: 100,002 in all. */
const LINES = 33_334;
const PAD = "x".repeat(80);

/** 100,000 numbered lines of three dynos: all at once, and at 10,000 a second; beside reading Docker's streams alone. */
export const bench: Bench = async (say) => {
  const burst = [1, LINES, 0, 1, PAD];
  const paced = [1, LINES, 0.01, 33, PAD];
  const rows: Row[] = [];
  for (const [what, args] of [
    ["at once", burst],
    ["paced", paced],
  ] as const) {
    say(`${DYNOS.length * LINES} lines, ${what}`);
    const ours = await tail(args);
    const theirs = await follow(args);
    say(`${what}: ${ours.lines} of ${DYNOS.length * LINES} lines, each dyno's in order; ${words(ours.latencies)}`);
    say(`${what}, Docker's streams alone: ${words(theirs.latencies)}`);
    const row = (name: string, mine: number, other: number, unit: Row["unit"], limit?: Row["limit"]) => {
      const beside = "Docker's streams alone";
      rows.push({ name: `100,000 lines of 3 dynos, ${what}: ${name}`, ours: mine, beside, theirs: other, unit, limit });
    };
    row("from start to last", ours.seconds, theirs.seconds, "s");
    for (const share of [0.5, 0.99]) {
      const limit = what === "paced" ? { ours: 200 } : undefined;
      row(`latency p${share * 100}`, quantile(ours.latencies, share), quantile(theirs.latencies, share), "ms", limit);
    }
  }
  return rows;
};

interface Measured {
  readonly lines: number;
  /** From the first dyno's start until the last line was seen. */
  readonly seconds: number;
  /** Milliseconds from Docker's having a line until it was seen. */
  readonly latencies: readonly number[];
}

/** A tail of the app's log. Fails unless all came, in order. */
async function tail(args: readonly (string | number)[]): Promise<Measured> {
  await using ground = await dynoLogsGround();
  await ground.watch();
  const { tailed } = ground;
  const total = DYNOS.length * LINES;
  const taken = await seconds(async () => {
    await start(ground, args);
    await until("all lines", async () => tailed.length >= total);
  });
  const lines = tailed.map(({ line }) => line);
  const whole = range(1, LINES).join();
  for (const dyno of DYNOS) {
    if (numbers(lines, dyno).join() !== whole)
      throw new Error(`lines of ${dyno} are missing, repeated or out of order`);
  }
  return { lines: lines.length, seconds: taken, latencies: tailed.map(({ latency }) => latency) };
}

/** Docker's streams, taken apart and no more. */
async function follow(args: readonly (string | number)[]): Promise<Measured> {
  await using ground = await dynoLogsGround();
  const latencies: number[] = [];
  const taken = await seconds(async () => {
    const containers = await start(ground, args);
    await Promise.all(
      containers.map((container) => readAll(container, (time) => latencies.push(Date.now() - time / 1000))),
    );
  });
  return { lines: latencies.length, seconds: taken, latencies: latencies };
}

function start(ground: DynoLogsGround, args: readonly (string | number)[]): Promise<Docker.Container[]> {
  return Promise.all(DYNOS.map((dyno) => ground.start(NUMBERS, args, { dyno })));
}

async function readAll(container: Docker.Container, seen: (time: number) => void): Promise<void> {
  const options = { follow: true, stdout: true, stderr: true, timestamps: true } as const;
  const log = new DockerLog();
  for await (const chunk of (await container.logs(options)) as unknown as Readable) {
    log.push(chunk, ({ time }) => seen(time));
  }
}

function words(latencies: readonly number[]): string {
  const shares = [0.5, 0.95, 0.99, 1].map((share) => `p${share * 100} ${quantile(latencies, share).toFixed(0)} ms`);
  return `latency ${shares.join(", ")}`;
}
