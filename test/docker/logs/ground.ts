import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { DynoWatcher } from "../../../services/control-plane/dynos/watch.ts";
import { Logs, type LogsOptions } from "../../../services/control-plane/logs/logs.ts";
import type { StoredLine } from "../../../services/control-plane/logs/ports.ts";
import { openStore } from "../../../services/control-plane/store.ts";
import { baseImage } from "../../support/images.ts";

interface LoggingDyno {
  /** @default "web.1" */
  readonly dyno?: string;
  readonly terminal?: boolean;
  readonly cpus?: number;
  /** Bytes of a file of Docker's before it begins the next. */
  readonly fileSize?: string;
}

/** Dynos that do nothing but log, and a control plane's logs of them. All go with it. */
export interface DynoLogsGround extends AsyncDisposable {
  readonly docker: Docker;
  readonly folder: string;
  /** What is running of the control plane now. */
  readonly logs: Logs;
  /** All that a tail of the app has seen, through all control planes. */
  readonly tailed: Tailed[];
  /** Starts a dyno that runs this Perl; its arguments are in `@ARGV`. Resolves when it has started. */
  start(script: string, args?: readonly (string | number)[], options?: LoggingDyno): Promise<Docker.Container>;
  /** Begins to watch and to tail from the last line on that was seen. */
  watch(options?: Partial<LogsOptions>): Promise<void>;
  /** Ends the control plane: as it should, or as SIGKILL would. */
  end(how: "stop" | "kill"): Promise<void>;
}

interface Tailed {
  readonly line: StoredLine;
  /** Milliseconds from Docker's having it. */
  readonly latency: number;
}

export const APP = "hello";

/** Prints lines `FROM` to `TO` with standard output buffered, as most programs do; the rest pads them. */
export const NUMBERS = `
my ($from, $to, $pause, $each, $pad) = (@ARGV, 0, 1, "");
for my $n ($from .. $to) {
  print "$n $pad\\n";
  if ($pause > 0 && $n % $each == 0) { $| = 1; print ""; select(undef, undef, undef, $pause); $| = 0 }
}
`;

export async function dynoLogsGround(docker = new Docker(), image?: string): Promise<DynoLogsGround> {
  const name = `logs${process.pid.toString(36)}${Math.random().toString(36).slice(2, 6)}`;
  const folder = await mkdtemp(join(tmpdir(), "dyno-logs-"));
  const Image = image ?? (await baseImage(docker));
  const tailed: Tailed[] = [];
  let current: { db: ReturnType<typeof openStore>; logs: Logs; watcher: DynoWatcher } | undefined;

  async function end(how: "stop" | "kill"): Promise<void> {
    if (current === undefined) return;
    const { db, logs, watcher } = current;
    watcher.stop();
    // What a killed process leaves is what it has committed.
    if (how === "kill") db.close();
    await logs.stop();
    if (how === "stop") db.close();
    current = undefined;
  }

  return {
    docker,
    folder,
    tailed,
    get logs() {
      if (current === undefined) throw new Error("nothing is watching");
      return current.logs;
    },
    async start(script, args = [], { dyno = "web.1", terminal = false, cpus, fileSize = "10m" } = {}) {
      const container = await docker.createContainer({
        Image,
        Entrypoint: ["perl", "-e", script],
        Cmd: args.map(String),
        Tty: terminal,
        Labels: {
          "dynoform.platform": name,
          "dynoform.app": APP,
          "dynoform.dyno": dyno,
          "dynoform.type": dyno.replace(/\..*/, ""),
          "dynoform.size": "free",
        },
        StopTimeout: 1,
        HostConfig: {
          NetworkMode: "none",
          NanoCpus: cpus === undefined ? undefined : cpus * 1e9,
          LogConfig: { Type: "json-file", Config: { "max-size": fileSize, "max-file": "3" } },
        },
      });
      await container.start();
      return container;
    },
    async watch(options = {}) {
      const db = openStore(join(folder, "store.sqlite"));
      const logs = new Logs({ docker, db, clock: Date.now, report: () => {}, ...options });
      const watcher = new DynoWatcher({ docker, platform: name, clock: Date.now, warn: () => {} });
      current = { db, logs, watcher };
      logs.start();
      logs.tail(APP, { after: tailed.at(-1)?.line.id }, (line) => {
        // What a killed control plane still reads, nobody sees.
        if (db.isOpen) tailed.push({ line, latency: Date.now() - line.time / 1000 });
      });
      watcher.on((event) => logs.event(event));
      await watcher.start();
    },
    end,
    async [Symbol.asyncDispose]() {
      await end("stop");
      const filters = JSON.stringify({ label: [`dynoform.platform=${name}`] });
      for (const { Id } of await docker.listContainers({ all: true, filters })) {
        await docker.getContainer(Id).remove({ force: true });
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The numbers that lines of a dyno begin with. */
export function numbers(lines: readonly StoredLine[], dyno = "web.1"): number[] {
  return lines
    .filter(({ source, process }) => source === "app" && process === dyno)
    .map(({ text }) => Number.parseInt(text, 10));
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Waits until nothing has come for a moment. */
export async function quiet(tailed: readonly Tailed[], milliseconds = 300): Promise<void> {
  for (let before = -1; before !== tailed.length; ) {
    before = tailed.length;
    await sleep(milliseconds);
  }
}
