/**
 * What `heroku run --exit-code` lets the command print at its end: U+FFFF, a few words and the status. The client
 * looks for it in each piece of output by itself, so it must arrive in one.
 */
const LINE = "\uFFFF heroku-command-exit-status: ";
const MARK = Buffer.from("\uFFFF");

/** Bytes that the line with it has at most. */
const LONGEST = 64;

/** Cuts output into pieces such that a line with the mark is never divided. */
export class ExitMark {
  #rest: Buffer = Buffer.alloc(0);
  #seen = false;

  /** What can go out by now, each piece by itself. */
  pieces(data: Buffer): Buffer[] {
    const all = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    this.#rest = Buffer.alloc(0);
    const at = startOf(all);
    if (at < 0) return [all];
    const line = all.subarray(at);
    this.#seen ||= line.includes(LINE);
    const pieces = at === 0 ? [] : [all.subarray(0, at)];
    if (line.length < LONGEST && !line.includes("\n")) {
      this.#rest = Buffer.from(line);
      return pieces;
    }
    return [...pieces, line];
  }

  /**
   * What was kept back for more that did not come, and the line itself where the command would have printed it, had it
   * not ended its shell: `exit 3`.
   */
  rest(command: string, status: number): Buffer[] {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    const wanted = command.includes(LINE) && !this.#seen;
    return [...(rest.length > 0 ? [rest] : []), ...(wanted ? [Buffer.from(`${LINE}${status}\n`)] : [])];
  }
}

/** Where the last mark begins, or may begin at the end of what is there; -1: nowhere. */
function startOf(data: Buffer): number {
  const found = data.lastIndexOf(MARK);
  if (found >= 0) return found;
  for (let length = Math.min(MARK.length - 1, data.length); length > 0; length--) {
    if (data.subarray(-length).equals(MARK.subarray(0, length))) return data.length - length;
  }
  return -1;
}
