import { UserError } from "../errors.ts";

/** Collects every mistake before the first side effect, so that one run shows them all. */
export class Problems {
  readonly #lines: string[] = [];

  /**
   * @param path where it stands, e.g. `dynoform:app.formation.web.size`
   * @param line what is wrong and what is allowed, e.g. `"huge" is not a dyno size; …`
   */
  add(path: string, line: string): void {
    this.addLine(`${path}: ${line}`);
  }

  /** Adds a line that says by itself where it stands. */
  addLine(line: string): void {
    this.#lines.push(line);
  }

  /** What was collected. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Throws a {@link UserError} with all that was collected; does nothing when there is nothing. */
  check(): void {
    if (this.#lines.length > 0) throw new UserError(this.#lines);
  }
}

/** A value as a message shows it: JSON, cut to 60 characters; an absent or non-JSON value by what it is. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  const text = typeof value === "bigint" ? `${value}` : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Alternatives as a sentence has them: `a, b or c`. */
export function alternatives(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
