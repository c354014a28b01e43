import { spawn } from "@lydell/node-pty";
import { until } from "./until.ts";

interface TerminalOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
}

/** A command in a terminal, as a person has it before them. Disposing it ends the command. */
export interface Terminal extends Disposable {
  /** What stands on the screen and has gone off it, without colours and other signs for the terminal. */
  shown(): string;
  /** Presses keys. */
  type(keys: string): void;
  /** Waits until something is shown. */
  shows(what: RegExp, seconds?: number): Promise<RegExpExecArray>;
  /** The exit code. */
  readonly ended: Promise<number>;
}

export function terminal([command = "", ...args]: readonly string[], options: TerminalOptions): Terminal {
  const { cwd, env, columns: cols = 120, rows = 40 } = options;
  const pty = spawn(command, args, { cwd, env: { ...env, TERM: "xterm" }, cols, rows });
  let output = "";
  let over = false;
  pty.onData((data) => {
    output += data;
  });
  const ended = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode }) => {
      over = true;
      resolve(exitCode);
    });
  });
  const shown = () => plain(output);
  return {
    shown,
    ended,
    type: (keys) => pty.write(keys),
    async shows(what, seconds = 60) {
      await until(`${command} shows ${what}`, async () => what.test(shown()) || over, seconds).catch((error: Error) => {
        throw new Error(`${error.message}; it shows:\n${shown()}`);
      });
      const found = what.exec(shown());
      if (found === null) throw new Error(`${command} ended without ${what}:\n${shown()}`);
      return found;
    },
    [Symbol.dispose]() {
      if (!over) pty.kill("SIGKILL");
    },
  };
}

/** Without escape sequences and returns. */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what goes
  return text.replaceAll(/\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\x1b[@-Z\\-_]|\r/g, "");
}
