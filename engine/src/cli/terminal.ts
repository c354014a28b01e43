/** Where a command reads and writes. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { styleText } from "node:util";
import { UserError } from "../state/errors.ts";

export type Style = "green" | "red" | "yellow" | "magenta" | "bold" | "dim";

export class Terminal {
  /** Whether somebody sits there to answer questions. */
  readonly interactive: boolean;
  readonly #colored: boolean;

  /** @param color `--color`: auto, always, never, raw */
  constructor(options: { nonInteractive: boolean; color: string }) {
    const seen = process.stdout.isTTY === true;
    this.interactive = !options.nonInteractive && seen && process.stdin.isTTY === true;
    this.#colored = options.color === "always" || (options.color === "auto" && seen && !process.env.NO_COLOR);
  }

  out(text: string): void {
    process.stdout.write(text);
  }

  line(text = ""): void {
    process.stdout.write(`${text}\n`);
  }

  error(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  style(style: Style, text: string): string {
    return this.#colored && text !== "" ? styleText(style, text, { validateStream: false }) : text;
  }

  /** A line from the person; empty when the input ended. */
  async ask(question: string): Promise<string> {
    const reader = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await new Promise<string>((answer) => {
        reader.once("close", () => answer(""));
        reader.question(question).then(answer, () => answer(""));
      });
    } finally {
      reader.close();
    }
  }

  /** A line that is not shown while it is typed. */
  async askSecret(question: string): Promise<string> {
    process.stderr.write(question);
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    const reader = createInterface({ input: process.stdin, output: silent, terminal: true });
    try {
      return await reader.question("");
    } finally {
      reader.close();
      process.stderr.write("\n");
    }
  }
}

/** All of standard input, without its final newline. */
export async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}

/** Columns padded to their widest cell, two spaces apart. */
export function table(headers: readonly string[], rows: readonly (readonly string[])[], indent = ""): string {
  const all = [headers, ...rows];
  const widths = headers.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const lines = all.map((row) => indent + row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

/** JSON as Go prints it for people: two spaces, a final newline. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.line(JSON.stringify(value, null, 2));
}

/** Has a person type a name before something irreversible. @throws UserError when they do not, or nobody is there */
export async function confirm(terminal: Terminal, yes: boolean, warning: string, name: string): Promise<void> {
  if (yes) return;
  if (!terminal.interactive) throw new UserError("non-interactive mode requires --yes flag");
  terminal.line(warning);
  const answer = await terminal.ask(`Please confirm that this is what you'd like to do by typing \`${name}\`: `);
  if (answer.trim() !== name) throw new UserError("confirmation declined");
}
