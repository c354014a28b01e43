import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { messageOf } from "../../../lib/errors.ts";
import { FileTail } from "../../../lib/file-tail.ts";
import { packageRoot } from "../../../lib/package-root.ts";
import { runnerModule } from "../../../model/platform/code.ts";
import {
  HEARTBEAT_MS,
  type LeavingApp,
  LOG,
  RECORD,
  REQUEST,
  type RunRecord,
  type RunRequest,
  type RunVerb,
  readRun,
  writeRun,
} from "../../runner/run.ts";
import type { Outcome } from "../../stacks/engine.ts";
import { PulumiFailure, type PulumiReason, reasonOf } from "../../stacks/reasons.ts";
import type { Act } from "../types.ts";
import { RunnerContainer } from "./runner-container.ts";

/** A run of Pulumi that did not do what it was to do. */
export class RunFailed extends PulumiFailure {
  override readonly name = "RunFailed";
  readonly state: "failed" | "abandoned";

  constructor(state: RunFailed["state"], message: string, reason: PulumiReason = "failed") {
    super(message, reason);
    this.state = state;
  }
}

interface RunnerOptions {
  readonly docker: Docker;
  /** The platform's name. */
  readonly platform: string;
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  /** A folder for each run. */
  readonly runs: string;
  /**
   * How many runs there may be at a time; others wait. Each takes some 250 MiB of the runner's memory.
   * @default 3
   */
  readonly parallel?: number;
}

export interface RunOptions {
  /** Gives the run's folder its name, so that the run can be found again. @default a new one */
  readonly id?: string;
  /** Gets what Pulumi prints, as it comes. */
  readonly display?: (text: string) => void;
  /** For the `pulumi` command. */
  readonly args?: readonly string[];
  /** Web dynos are taken whatever they answer. @default false */
  readonly force?: boolean;
  /** Of a link: its forge need not do its part. @default false */
  readonly withoutForge?: boolean;
  /** In a container of its own instead of the runner, which an `up` of the platform may replace. */
  readonly apart?: boolean;
}

/** A run as it is known by now. */
interface FoundRun {
  readonly request: RunRequest;
  readonly record: RunRecord;
}

const PARALLEL = 3;
const LOOK_EVERY_MS = 50;
/** How often Docker is asked whether a run's process is still there. */
const LOOK_FOR_PROCESS_MS = 2_000;
/** How many runs' folders are kept. */
const KEPT = 100;
const EXECUTION = "execution";

/**
 * Starts runs of Pulumi in the runner, which go on when this process ends; each leaves its record and log in a folder
 * of its own.
 */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #container: RunnerContainer;
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#container = new RunnerContainer(options.docker, options.platform);
    this.#free = options.parallel ?? PARALLEL;
  }

  /** How many runs of this process go on, and how many wait. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: (this.#options.parallel ?? PARALLEL) - this.#free, waiting: this.#waiting.length };
  }

  /** @throws RunFailed */
  async up(stack: string, act: Act, options: RunOptions = {}): Promise<Outcome> {
    return this.#run("up", stack, act, options);
  }

  /** Makes the stack whose file lies there, and brings it up. @throws RunFailed */
  async create(stack: string, act: Act, options: RunOptions = {}): Promise<Outcome> {
    return this.#run("create", stack, act, options);
  }

  /** Destroys a stack and removes it; its file stays. @throws RunFailed */
  async destroy(stack: string, act: Act, options: RunOptions & { leaving?: LeavingApp } = {}): Promise<Outcome> {
    return this.#run("destroy", stack, act, options);
  }

  /**
   * What would be done, and changes nothing.
   *
   * @param options `settings`: the file that stands for the stack's own
   * @throws RunFailed
   */
  async preview(
    what: "up" | "create" | "destroy",
    stack: string,
    act: Act,
    options: RunOptions & { settings?: string },
  ): Promise<Outcome> {
    return this.#run(`preview-${what}`, stack, act, options);
  }

  /**
   * Runs a short `pulumi` command, which ends with this process, and gives what it printed on standard output.
   *
   * @param input for its standard input; secrets go this way
   * @param project the folder of Pulumi.yaml. Default: the platform's
   * @throws PulumiFailure with what it printed
   */
  async pulumi(args: readonly string[], input = "", project = this.#options.project): Promise<string> {
    const { exitCode, stdout, stderr } = await this.#container.execute([...pulumi(), ...args], project, input);
    if (exitCode === 0) return stdout;
    const said = `${stdout}${stderr}`.trim();
    throw new PulumiFailure(`\`pulumi ${args.join(" ")}\` failed: ${said || `exit code ${exitCode}`}`, reasonOf(said));
  }

  /** A run, and how it ended if it did; undefined: it never began. */
  async find(id: string): Promise<FoundRun | undefined> {
    const request = await readRun<RunRequest>(this.#file(id, REQUEST));
    if (request === undefined) return undefined;
    const record = await this.#recordOf(id);
    return record && { request, record };
  }

  /** What a run printed. */
  async log(id: string): Promise<string> {
    return readFile(this.#file(id, LOG), "utf8").catch(() => "");
  }

  /**
   * Waits for the end of a run, whoever started it.
   *
   * @throws RunFailed
   */
  async follow(id: string, display: (text: string) => void = () => {}): Promise<Outcome> {
    const tail = new FileTail(this.#file(id, LOG));
    for (let looked = Date.now(); ; await sleep(LOOK_EVERY_MS)) {
      const soon = Date.now() - looked < LOOK_FOR_PROCESS_MS;
      if (!soon) looked = Date.now();
      const record = soon ? await readRun<RunRecord>(this.#file(id, RECORD)) : await this.#recordOf(id);
      const text = await tail.read();
      if (text !== "") display(text);
      if (record === undefined || record.state === "running") {
        if (record === undefined && !soon) throw new RunFailed("abandoned", `run ${id} never began`);
        continue;
      }
      // One of an older release of ours has no warnings.
      if (record.state === "succeeded") return { ...record.outcome, warnings: record.outcome.warnings ?? [] };
      if (record.state === "failed") throw new RunFailed("failed", record.message, record.reason);
      throw new RunFailed("abandoned", "the run was ended from outside before it was done");
    }
  }

  async #run(
    verb: RunVerb,
    stack: string,
    act: Act,
    options: RunOptions & Pick<RunRequest, "leaving" | "settings">,
  ): Promise<Outcome> {
    const { id = randomUUID(), display, args = [], apart = false, force = false, ...more } = options;
    await this.#place();
    try {
      const { project } = this.#options;
      await this.#start({ id, project, stack, verb, args, force, ...more, ...act, requestedAt: Date.now() }, apart);
      return await this.follow(id, display);
    } finally {
      this.#leave();
    }
  }

  async #start(request: RunRequest, apart: boolean): Promise<void> {
    const folder = join(this.#options.runs, request.id);
    await this.#forgetOldest();
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeRun(join(folder, REQUEST), request);
    const argv = [process.execPath, runnerModule(), folder];
    await this.#container.start(argv, request.project, join(folder, EXECUTION), apart);
  }

  /** Writes down that a run was abandoned, once Docker knows its process no more. */
  async #recordOf(id: string): Promise<RunRecord | undefined> {
    const file = this.#file(id, RECORD);
    const before = await readRun<RunRecord>(file);
    if (before !== undefined && before.state !== "running") return before;
    if (await this.#container.isRunning(this.#file(id, EXECUTION))) {
      return before ?? { state: "running", startedAt: Date.now() };
    }
    // It may have ended in between.
    const after = await readRun<RunRecord>(file);
    if (after === undefined || after.state !== "running" || (await lives(file))) return after;
    const record: RunRecord = { state: "abandoned", startedAt: after.startedAt, endedAt: Date.now() };
    await writeRun(file, record);
    return record;
  }

  async #forgetOldest(): Promise<void> {
    const ids = await readdir(this.#options.runs).catch(() => []);
    if (ids.length < KEPT) return;
    const requests = await Promise.all(ids.map((id) => readRun<RunRequest>(this.#file(id, REQUEST)).catch(messageOf)));
    const ages = ids.map((id, index) => {
      const request = requests[index];
      return { id, at: typeof request === "object" ? request.requestedAt : 0 };
    });
    ages.sort((a, b) => b.at - a.at);
    for (const { id } of ages.slice(KEPT - 1)) await rm(join(this.#options.runs, id), { recursive: true, force: true });
  }

  #file(id: string, name: string): string {
    return join(this.#options.runs, id, name);
  }

  #place(): Promise<void> | void {
    if (this.#free > 0) this.#free--;
    else return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}

/** Whether a run has touched its record of late: a Docker that was started again may have forgotten its process. */
async function lives(record: string): Promise<boolean> {
  return Date.now() - (await stat(record)).mtimeMs < 4 * HEARTBEAT_MS;
}

/** The `pulumi` command of our package. */
function pulumi(): string[] {
  return [process.execPath, join(packageRoot(), "engine", "bin", "pulumi.mjs"), "--non-interactive"];
}
