import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../../lib/package-root.ts";

/**
 * A `pulumi` command that was started before it is known which it will be: it has loaded itself and the program's SDK by
 * then. It runs one command and ends.
 */
export class Standby implements Disposable {
  readonly directory: string;
  readonly #child: ChildProcess;
  #given = false;

  /** @param directory the folder of Pulumi.yaml */
  constructor(directory: string) {
    this.directory = directory;
    this.#child = spawn(process.execPath, [join(packageRoot(), "engine", "bin", "pulumi.mjs")], {
      cwd: directory,
      stdio: "pipe",
      env: { ...process.env, PULUMI_STANDBY: "1" },
    });
    // Its end tells more than that it no longer reads.
    for (const happens of [this.#child, this.#child.stdin]) happens?.on("error", () => {});
  }

  /**
   * Has it run a command.
   *
   * @param env over its own environment; `undefined` takes a variable away
   * @returns undefined: it has run one, or has ended
   */
  run(args: readonly string[], env: Readonly<Record<string, string | undefined>>): ChildProcess | undefined {
    const { exitCode, signalCode, pid } = this.#child;
    if (this.#given || exitCode !== null || signalCode !== null || pid === undefined) return undefined;
    this.#given = true;
    const told = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value ?? null]));
    this.#child.stdin?.end(JSON.stringify({ args, env: told }));
    return this.#child;
  }

  [Symbol.dispose](): void {
    // It ends when there is nothing to be told.
    if (!this.#given) this.#child.stdin?.end();
  }
}
