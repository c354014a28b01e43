import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** How long a program that is asked to end may take, in milliseconds. */
const GRACE_MS = 5000;

/** What makes the SDK start sooner: its modules when they are used, and room for what it allots. */
const lighter = [
  "--min-semi-space-size=16",
  `--import=${pathToFileURL(path.join(import.meta.dirname, `program-preload${path.extname(import.meta.filename)}`))}`,
];

/** What a program's process is told once it is known. */
export interface ProgramStart {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Whether what it logs for debugging is wanted. */
  readonly debug: boolean;
}

/**
 * A Node process that runs a program by the SDK's own `cmd/run`, found from the program's folder. It is started before
 * it is known what the program is to be told: it loads the SDK meanwhile, which takes longer than anything else before
 * the first resource.
 */
export class ProgramProcess {
  readonly #child: ChildProcess;
  /** Exit code and signal, or why it was not started. */
  readonly exited: Promise<readonly [number | null, string | null]>;

  constructor(program: NodeProgram) {
    this.#child = spawn(process.execPath, [...lighter, ...program.nodeArgs, findRunner(program.directory)], {
      cwd: program.directory,
      stdio: "pipe",
      // A Ctrl-C is ours to deal with: running steps are finished before the program is ended.
      detached: true,
      env: {
        NODE_COMPILE_CACHE: path.join(os.tmpdir(), `node-compile-cache-${os.userInfo().uid}`),
        ...process.env,
        PULUMI_NODEJS_TYPESCRIPT: String(program.typescript),
      },
    });
    // Its end tells more than that it no longer reads.
    this.#child.stdin?.on("error", () => {});
    this.exited = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve([null, error.message]));
      this.#child.once("exit", (...end) => resolve(end));
    });
  }

  get output(): readonly [stdout: NodeJS.ReadableStream | null, stderr: NodeJS.ReadableStream | null] {
    return [this.#child.stdout, this.#child.stderr];
  }

  /** Lets the program begin. */
  begin(start: ProgramStart): void {
    this.#child.stdin?.end(JSON.stringify(start));
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const exit = once(child, "exit");
    child.kill("SIGINT");
    const timer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
    await exit;
    clearTimeout(timer);
  }
}

function findRunner(directory: string): string {
  const runner = process.env.PULUMI_LANGUAGE_NODEJS_RUN_PATH ?? "@pulumi/pulumi/cmd/run";
  try {
    return createRequire(path.join(directory, "program.js")).resolve(runner);
  } catch {
    throw new Error(`the program in ${directory} has no @pulumi/pulumi to run with; install its dependencies first`);
  }
}

/** A program that we start. */
export interface NodeProgram {
  readonly entry: string;
  readonly directory: string;
  readonly nodeArgs: readonly string[];
  readonly typescript: boolean;
}
