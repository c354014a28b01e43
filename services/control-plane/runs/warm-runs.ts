import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../lib/errors.ts";

interface WarmRunsOptions<Process> {
  /** The folder of the sockets, which the runner sees too. */
  readonly folder: string;
  /** Starts a process in the runner that waits on a socket; see services/runner/stand-by.ts. */
  start(socket: string): Promise<Process>;
  readonly report: (problem: string) => void;
}

/** Milliseconds for one that is being started to wait, and for an answer. */
const START_MS = 5_000;
const ANSWER_MS = 3_000;
const LOOK_MS = 10;
const NAME = /^warm-.*\.sock$/;

/**
 * A process in the runner that has loaded Pulumi before it is known what for. It takes one run and ends with it, so nothing
 * of a run is there in the next; where it is gone, or no longer as the code is, the run is started as if there had been none.
 */
export class WarmRuns<Process> {
  readonly #options: WarmRunsOptions<Process>;
  #ready: Promise<{ readonly socket: string; readonly process: Process } | undefined> | undefined;

  constructor(options: WarmRunsOptions<Process>) {
    this.#options = options;
  }

  /** Has one ready for the next run. */
  prepare(): void {
    this.#ready ??= this.#start().catch((error: unknown) => {
      this.#options.report(`no process waits for the next run: ${messageOf(error)}`);
      return undefined;
    });
  }

  /**
   * Gives the one that waits a run.
   *
   * @param run the run's folder
   * @returns the process that has begun it; undefined: none did
   */
  async give(run: string): Promise<Process | undefined> {
    const ready = this.#ready;
    this.#ready = undefined;
    const waiting = await ready;
    // It may have ended since, because nobody came.
    if (waiting === undefined || !existsSync(waiting.socket)) return undefined;
    return (await answerOf(waiting.socket, run)) === "taken" ? waiting.process : undefined;
  }

  async #start() {
    const { folder, start } = this.#options;
    // One that another control plane has left ends without its socket.
    for (const name of await readdir(folder)) if (NAME.test(name)) await rm(join(folder, name), { force: true });
    // A Unix socket's path may have 107 bytes.
    const socket = join(folder, `warm-${randomUUID().slice(0, 4)}.sock`);
    const process = await start(socket);
    // It is waited for: one that is being started is further than one that would be started now.
    for (const end = performance.now() + START_MS; !existsSync(socket); await sleep(LOOK_MS)) {
      if (performance.now() > end) throw new Error(`it does not listen ${START_MS / 1000} s after its start`);
    }
    return { socket, process };
  }
}

/** What is answered to a line; undefined: nothing in time. */
function answerOf(socket: string, line: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const client = connect(socket, () => client.write(`${line}\n`)).setEncoding("utf8");
  let answer = "";
  client.on("data", (piece: string) => {
    answer += piece;
  });
  client.on("error", () => resolve(undefined));
  client.on("close", () => resolve(answer.trimEnd()));
  client.setTimeout(ANSWER_MS, () => client.destroy());
  return promise;
}
