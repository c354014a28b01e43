import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { frames } from "../../images/output.ts";
import { isMissing, isNotFound, messageOf, UserError } from "../errors.ts";

/** How long a runner that is being started, or started again, is waited for, in milliseconds. */
const PATIENCE = 30_000;
const LOOK_FOR_PROCESS = 1_000;

/** What a command printed and how it ended. */
export interface Executed {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a run's process is: an execution in the runner, or a container of its own. */
interface Execution {
  readonly kind: "exec" | "container";
  readonly id: string;
}

/** Processes in the container `<platform>-runner`, as Docker knows them. */
export class RunnerContainer {
  readonly #docker: Docker;
  readonly #platform: string;

  constructor(docker: Docker, platform: string) {
    this.#docker = docker;
    this.#platform = platform;
  }

  /**
   * Starts a process that outlives this one.
   *
   * @param file keeps where it is; written before it starts
   * @param apart in a container that is like the runner
   */
  async start(argv: readonly string[], directory: string, file: string, apart: boolean): Promise<void> {
    if (apart) {
      const container = await this.#patiently(() => this.#twin(argv, directory));
      await remember(file, { kind: "container", id: container.id });
      await container.start();
      return;
    }
    const exec = await this.#exec(argv, directory, {});
    await remember(file, { kind: "exec", id: exec.id });
    // The answer is empty, and keeps its connection until it was read.
    (await exec.start({ Detach: true })).resume();
  }

  /** Whether a process that was started, or is about to be, has not ended. */
  async isRunning(file: string): Promise<boolean> {
    const execution = await recall(file);
    if (execution === undefined) return false;
    try {
      if (execution.kind === "exec") return (await this.#docker.getExec(execution.id).inspect()).Running;
      return (await this.#docker.getContainer(execution.id).inspect()).State.Running;
    } catch (error) {
      // Gone with its container. A Docker that does not answer says nothing about the process.
      return !isNotFound(error);
    }
  }

  /** Runs a command to its end. */
  async execute(argv: readonly string[], directory: string, input: string): Promise<Executed> {
    const exec = await this.#exec(argv, directory, { AttachStdin: true, AttachStdout: true, AttachStderr: true });
    const stream = await exec.start({ hijack: true, stdin: true });
    const pieces = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    const reading = (async () => {
      for await (const { error, data } of frames(stream)) pieces[error ? "stderr" : "stdout"].push(data);
    })();
    stream.end(input);
    const ended = new AbortController();
    try {
      // The stream of a container that was killed may never end.
      await Promise.race([reading, this.#untilEnded(exec, ended.signal)]);
    } finally {
      ended.abort();
      stream.destroy();
      await reading.catch(() => {});
    }
    const { ExitCode } = await exec.inspect();
    const text = (of: keyof typeof pieces) => Buffer.concat(pieces[of]).toString("utf8");
    return { exitCode: ExitCode ?? 137, stdout: text("stdout"), stderr: text("stderr") };
  }

  async #untilEnded(exec: Docker.Exec, signal: AbortSignal): Promise<void> {
    for (let gone = false; !signal.aborted; ) {
      await sleep(LOOK_FOR_PROCESS, undefined, { ref: false });
      const { Running } = await exec.inspect();
      // Once more, for what is still on its way.
      if (!Running && gone) return;
      gone = !Running;
    }
  }

  #exec(argv: readonly string[], directory: string, options: Docker.ExecCreateOptions): Promise<Docker.Exec> {
    const runner = this.#docker.getContainer(`${this.#platform}-runner`);
    return this.#patiently(() => runner.exec({ Cmd: [...argv], WorkingDir: directory, ...options }));
  }

  async #twin(argv: readonly string[], directory: string): Promise<Docker.Container> {
    const { Config, HostConfig } = await this.#docker.getContainer(`${this.#platform}-runner`).inspect();
    return this.#docker.createContainer({
      Image: Config.Image,
      Cmd: ["tini", "-s", "--", ...argv],
      WorkingDir: directory,
      User: Config.User,
      Env: Config.Env,
      Labels: { "dynoform.platform": this.#platform },
      HostConfig: { ...HostConfig, RestartPolicy: { Name: "no" }, AutoRemove: true },
    });
  }

  /** A runner that is not there, or not running, may be soon: it is started again whenever it ends. */
  async #patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (const end = Date.now() + PATIENCE; ; await sleep(200)) {
      try {
        return await ask();
      } catch (error) {
        if (!isAbsent(error)) throw error;
        if (Date.now() < end) continue;
        throw new UserError(
          `the runner ${this.#platform}-runner does not run (${messageOf(error)}). \`npm run up\` starts it.`,
        );
      }
    }
  }
}

function isAbsent(error: unknown): boolean {
  return isNotFound(error) || (error instanceof Error && "statusCode" in error && error.statusCode === 409);
}

function remember(file: string, execution: Execution): Promise<void> {
  return writeFile(file, JSON.stringify(execution));
}

async function recall(file: string): Promise<Execution | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Execution;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
