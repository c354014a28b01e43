import { type BigIntStats, closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { isMissing, messageOf } from "../../../../lib/errors.ts";
import type { Intake } from "../buffer/intake.ts";

/** Milliseconds between two looks at the file. The calls cost less than watching it, and no file system lacks them. */
const LOOK_EVERY_MS = 40;

/** Milliseconds for which a worker of the router may still write to a file that was renamed. */
const GRACE_MS = 5000;

/** Bytes read at a time: more than the longest line has. */
const READ = 256 * 1024;

const ORIGIN = "requests";
const TAB = "\t";

/** How far the files were read, by what tells a file from others, whatever its name. */
type Positions = Readonly<Record<string, number>>;

interface Open {
  readonly key: string;
  readonly fd: number;
  offset: number;
  /** Since when it has another name, in milliseconds. */
  renamed: number | undefined;
}

/** Reads the lines that the router writes of its requests, across the renames with which it keeps the file small. */
export class RequestFile {
  readonly #path: string;
  readonly #intake: Intake;
  readonly #report: (message: string) => void;
  readonly #chunk = Buffer.allocUnsafeSlow(READ);
  /** Oldest first; the last one has the file's name. */
  #open: Open[] = [];
  #known: Positions | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failing = false;

  /** @param path of the file, which need not be there yet; the one before it has `.1` added */
  constructor(path: string, intake: Intake, report: (message: string) => void) {
    this.#path = path;
    this.#intake = intake;
    this.#report = report;
  }

  start(): void {
    this.#known = this.#intake.position(ORIGIN) as Positions | undefined;
    this.#look(() => {
      const [old, current] = [keyOf(`${this.#path}.1`), keyOf(this.#path)];
      const known = (key: string | undefined) => key !== undefined && this.#known?.[key] !== undefined;
      // One that is not known is new, unless the one that came after it is known.
      if (known(old) || !known(current)) this.#openFile(`${this.#path}.1`);
      this.#openFile(this.#path);
    });
    const again = () => {
      const more = this.read();
      this.#timer = setTimeout(again, more ? 0 : LOOK_EVERY_MS);
    };
    again();
  }

  stop(): void {
    clearTimeout(this.#timer);
    for (const { fd } of this.#open) closeSync(fd);
    this.#open = [];
  }

  /** Reads what is new. Returns whether there is more. */
  read(): boolean {
    let more = false;
    this.#look(() => {
      let read = false;
      for (const file of this.#open) {
        const bytes = this.#readFrom(file);
        read ||= bytes > 0;
        // The order of files is the order of their lines.
        if (bytes >= READ / 2) {
          more = true;
          break;
        }
      }
      if (!more) this.#followRename();
      if (read) this.#intake.mark(ORIGIN, Object.fromEntries(this.#open.map(({ key, offset }) => [key, offset])));
    });
    return more;
  }

  #readFrom(file: Open): number {
    const length = readSync(file.fd, this.#chunk, 0, READ, file.offset);
    if (length === 0) {
      if (fstatSync(file.fd).size < file.offset) file.offset = 0; // it was cut
      return 0;
    }
    const end = this.#chunk.lastIndexOf(0x0a, length - 1);
    if (end === -1) {
      if (length === READ) file.offset += length; // no line of the router's
      return 0;
    }
    this.#take(this.#chunk.toString("utf8", 0, end + 1));
    file.offset += end + 1;
    return end + 1;
  }

  #take(text: string): void {
    for (let at = 0; at < text.length; ) {
      const end = text.indexOf("\n", at);
      const timeEnd = text.indexOf(TAB, at);
      const appEnd = text.indexOf(TAB, timeEnd + 1);
      // Requests for names that nobody has belong to no app's log.
      if (timeEnd !== -1 && timeEnd < end && appEnd !== -1 && appEnd < end && appEnd > timeEnd + 1) {
        const app = text.slice(timeEnd + 1, appEnd);
        const time = Math.round(Number(text.slice(at, timeEnd)) * 1e6);
        const known = Number.isFinite(time) && app !== "-";
        if (known)
          this.#intake.add(app, { time, kind: "request", process: "router", text: text.slice(appEnd + 1, end) });
      }
      at = end + 1;
    }
  }

  #followRename(): void {
    const now = performance.now();
    const current = this.#open.at(-1);
    if (keyOf(this.#path) !== current?.key && this.#openFile(this.#path) && current !== undefined) {
      current.renamed = now;
    }
    this.#open = this.#open.filter(({ fd, renamed }) => {
      const over = renamed !== undefined && now - renamed > GRACE_MS;
      if (over) closeSync(fd);
      return !over;
    });
  }

  #openFile(path: string): boolean {
    if (keyOf(path) === undefined) return false;
    const fd = openSync(path, "r");
    const key = nameOf(fstatSync(fd, { bigint: true }));
    const renamed = path === this.#path ? undefined : performance.now();
    this.#open.push({ key, fd, offset: this.#known?.[key] ?? 0, renamed });
    return true;
  }

  /** Does what touches files; what fails is tried again at the next look. */
  #look(work: () => void): void {
    try {
      work();
      this.#failing = false;
    } catch (error) {
      if (isMissing(error)) return;
      if (!this.#failing) this.#report(`the router's requests could not be read: ${messageOf(error)}`);
      this.#failing = true;
    }
  }
}

/** What tells the file of a path from others; undefined: there is none. */
function keyOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat && nameOf(stat);
}

/** A number of a file that was removed is given again; its time of birth is not. */
function nameOf({ ino, birthtimeNs }: BigIntStats): string {
  return `${ino}:${birthtimeNs}`;
}
