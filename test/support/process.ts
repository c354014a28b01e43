import { spawn } from "node:child_process";

/** What a command printed and how it ended. */
export interface Finished {
  readonly exitCode: number;
  /** Standard output and standard error as they came. */
  readonly output: string;
}

/** Runs a command to its end; a failing one is no error. */
export function finish([command = "", ...args]: readonly string[], cwd: string): Promise<Finished> {
  const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ exitCode: code ?? 130, output }));
  });
}

/** What a command printed, apart, and how it ended. */
export interface Ran {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

interface RanOptions {
  readonly cwd: string;
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Its standard input. @default none */
  readonly input?: string;
}

/** Runs a command in an environment of its own to its end; a failing one is no error. */
export function ran([command = "", ...args]: readonly string[], { cwd, env, input }: RanOptions): Promise<Ran> {
  const child = spawn(command, args, { cwd, env, stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  child.stdin?.on("error", () => {}).end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ exitCode: code ?? 130, output, errors }));
  });
}
