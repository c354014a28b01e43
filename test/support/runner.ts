import { relative } from "node:path";
import { run } from "node:test";
import { inspect } from "node:util";

/** How tests ended. */
export interface Count {
  passed: number;
  failed: number;
}

const TOTALS = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /;

export function add(total: Count, count: Count): void {
  total.passed += count.passed;
  total.failed += count.failed;
}

/** Shows a test that is no `node:test` one, and counts it. `failure` undefined: it passed. */
export function report(name: string, milliseconds: number, failure: string | undefined): Count {
  console.log(line(failure === undefined, name, milliseconds));
  if (failure === undefined) return { passed: 1, failed: 0 };
  console.log(indent(failure));
  return { passed: 0, failed: 1 };
}

/**
 * Runs test files, each in a process of its own, and shows every test as it ends. A process that a
 * test left running is ended with its file: nothing may keep a run from ending.
 */
export function runFiles(files: readonly string[], concurrency: number): Promise<Count> {
  const count: Count = { passed: 0, failed: 0 };
  const stream = run({ files: [...files], concurrency, isolation: "process", timeout: 25 * 60_000 });
  stream.on("test:pass", ({ name, nesting, file, details }) => {
    if (details.type === "suite" || isFile(name, file)) return;
    count.passed++;
    console.log(line(true, title(name, nesting, file), details.duration_ms));
  });
  stream.on("test:fail", ({ name, nesting, file, details }) => {
    // A suite fails because of its tests, which were shown already.
    if (details.type === "suite" && "failureType" in details.error && details.error.failureType === "subtestsFailed") {
      return;
    }
    count.failed++;
    console.log(line(false, title(name, nesting, file), details.duration_ms));
    console.log(indent(explain(details.error.cause ?? details.error)));
  });
  // What tests measured; Node's own totals come as diagnostics too.
  stream.on("test:diagnostic", ({ message, file }) => {
    if (file !== undefined && !TOTALS.test(message)) console.log(indent(message));
  });
  stream.on("test:stderr", ({ message }) => process.stderr.write(message));
  stream.on("test:stdout", ({ message }) => process.stdout.write(message));
  return new Promise((resolve, reject) => {
    stream.on("error", reject);
    stream.on("end", () => resolve(count));
    // Without a reader the stream stops after its first events.
    stream.resume();
  });
}

/** Node reports a file without tests as a test named after it. */
function isFile(name: string, file: string | undefined): boolean {
  return file !== undefined && (name === file || file.endsWith(`/${name}`));
}

function title(name: string, nesting: number, file: string | undefined): string {
  const place = file === undefined ? "" : `${relative("test", file).replace(/\.test\.ts$/, "")}: `;
  return `${place}${"… ".repeat(nesting)}${name}`;
}

function line(passed: boolean, name: string, milliseconds: number): string {
  return `${passed ? "ok  " : "FAIL"} ${name} (${(milliseconds / 1000).toFixed(1)} s)`;
}

/** An assertion's stack begins with its message, which has the difference. */
function explain(error: unknown): string {
  // What went wrong first, and what then went wrong in the clean-up.
  if (error instanceof Error && "suppressed" in error && "error" in error) {
    return `${explain(error.suppressed)}\nand then, cleaning up:\n${explain(error.error)}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : inspect(error);
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "     ");
}
