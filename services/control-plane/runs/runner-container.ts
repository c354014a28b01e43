import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { ATTACHED, detach, type Executed, execute, stillRuns } from "../../../lib/docker/execution.ts";
import { dockerStatus, isMissing, isNotFound, messageOf, UserError } from "../../../lib/errors.ts";

/** How long a runner that is being started, or started again, is waited for, in milliseconds. */
const RUNNER_TIMEOUT_MS = 30_000;

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
    await detach(exec);
  }

  /** Whether a process that was started, or is about to be, has not ended. */
  async isRunning(file: string): Promise<boolean> {
    const execution = await recall(file);
    if (execution === undefined) return false;
    const { kind, id } = execution;
    return stillRuns(async () =>
      kind === "exec"
        ? (await this.#docker.getExec(id).inspect()).Running
        : (await this.#docker.getContainer(id).inspect()).State.Running,
    );
  }

  /** Runs a command to its end. */
  async execute(argv: readonly string[], directory: string, input: string): Promise<Executed> {
    return execute(await this.#exec(argv, directory, ATTACHED), input);
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
    for (const end = Date.now() + RUNNER_TIMEOUT_MS; ; await sleep(200)) {
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
  return isNotFound(error) || dockerStatus(error) === 409;
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
