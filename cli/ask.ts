import { text } from "node:stream/consumers";
import { Terminal } from "../engine/src/cli/terminal.ts";

/** A secret from whoever sits at the terminal, not shown while it is typed; else what standard input has. */
export async function askSecret(question: string): Promise<string> {
  const terminal = new Terminal({ nonInteractive: false, color: "never" });
  if (process.stdin.isTTY) return terminal.askSecret(question);
  return (await text(process.stdin)).replace(/\r?\n$/, "");
}
