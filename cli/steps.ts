/** Where progress goes; tests collect it. */
type Write = (text: string) => void;

/** Tells what goes on within a step, one line a call. */
export type Say = (line: string) => void;

/** Runs named steps one after the other and shows each with how long it took. */
export class Steps {
  readonly #write: Write;
  readonly #taken: { readonly title: string; readonly milliseconds: number }[] = [];

  constructor(write: Write = (text) => void process.stdout.write(text)) {
    this.#write = write;
  }

  /**
   * Runs one step.
   *
   * @param work gets a function that shows a line of progress
   * @param describe what to show of the result
   */
  async run<T>(title: string, work: (say: Say) => Promise<T>, describe?: (result: T) => string): Promise<T> {
    this.#write(`==> ${title}\n`);
    const started = performance.now();
    const result = await work((line) => this.say(line));
    const milliseconds = performance.now() - started;
    this.#taken.push({ title, milliseconds });
    this.say(`${describe === undefined ? "done" : describe(result)} (${seconds(milliseconds)})`);
    return result;
  }

  say(line: string): void {
    this.#write(`    ${line}\n`);
  }

  /** Every step with its time, and the whole. */
  table(): string {
    const total = this.#taken.reduce((sum, step) => sum + step.milliseconds, 0);
    const rows = [...this.#taken, { title: "altogether", milliseconds: total }];
    const width = Math.max(...rows.map((row) => row.title.length));
    return rows.map((row) => `    ${row.title.padEnd(width)}  ${seconds(row.milliseconds).padStart(8)}\n`).join("");
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
