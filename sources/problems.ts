/** What keeps a source tree from being built: each problem one line with the file and what to do about it. */
export class SourceError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "SourceError";
    this.problems = problems;
  }
}

/** Collects problems, so that whoever wrote the files sees all of them at once. */
export class SourceProblems {
  // Files may be read for more than one purpose, and what is wrong with one is said once.
  readonly #lines = new Set<string>();
  readonly #warnings = new Set<string>();

  /**
   * @param where the file, with a line number where there is one: `Procfile:3`
   * @param line what is wrong and how to mend it
   */
  add(where: string, line: string): void {
    this.#lines.add(`${where}: ${line}`);
  }

  /** Adds what is to be said in each build, although the tree can be built; as {@link add}. */
  warn(where: string, line: string): void {
    this.#warnings.add(`${where}: ${line}`);
  }

  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  /** @throws SourceError when there are any */
  check(): void {
    if (this.#lines.size > 0) throw new SourceError([...this.#lines]);
  }
}

/** Text as a message shows it: quoted, cut to 60 characters. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
