import { readdir, readFile } from "node:fs/promises";
import { finish } from "../../../test/support/process.ts";

/** What a command and all that it starts take. */
export interface Cost {
  readonly seconds: number;
  /** Seconds of processor time. */
  readonly cpu: number;
  /** The sum of what each of its processes had at most, in MB. */
  readonly memory: number;
  /** What it gave the disk to write, in MB. */
  readonly written: number;
}

/** How often is looked which processes there are, in milliseconds; to look takes time from what is measured. */
const SAMPLE = 100;
/** Of Linux' clock ticks, in a second. */
const TICKS = 100;

/**
 * Runs a command that must succeed. Linux adds up what ended children took, so nothing else may be started meanwhile.
 *
 * @throws what it printed when it fails
 */
export async function costOf(command: readonly string[], cwd: string): Promise<Cost> {
  const before = await ofChildren();
  const peaks = new Map<string, number>();
  const timer = setInterval(() => void samplePeaks(peaks), SAMPLE);
  const started = performance.now();
  try {
    const { exitCode, output } = await finish(command, cwd);
    if (exitCode !== 0) throw new Error(output);
  } finally {
    clearInterval(timer);
  }
  const seconds = (performance.now() - started) / 1000;
  const after = await ofChildren();
  const memory = [...peaks.values()].reduce((sum, kilobytes) => sum + kilobytes, 0) / 1000;
  return { seconds, cpu: after.cpu - before.cpu, memory, written: after.written - before.written };
}

async function ofChildren(): Promise<{ cpu: number; written: number }> {
  const [stat, io] = await Promise.all([readFile("/proc/self/stat", "utf8"), readFile("/proc/self/io", "utf8")]);
  // After the command's name in brackets, which may hold spaces; the children's user and system time are 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const cpu = (Number(fields[13]) + Number(fields[14])) / TICKS;
  return { cpu, written: Number(/^write_bytes: (\d+)$/m.exec(io)?.[1]) / 1e6 };
}

async function samplePeaks(peaks: Map<string, number>): Promise<void> {
  for (const pid of await descendants(String(process.pid))) {
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(await readIfAny(`/proc/${pid}/status`))?.[1];
    if (peak !== undefined) peaks.set(pid, Number(peak));
  }
}

async function descendants(pid: string): Promise<string[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(threads.map((thread) => readIfAny(`/proc/${pid}/task/${thread}/children`)));
  const children = lists.flatMap((list) => list.split(" ").filter(Boolean));
  return [...children, ...(await Promise.all(children.map(descendants))).flat()];
}

/** A process may end at any moment. */
async function readIfAny(path: string): Promise<string> {
  return await readFile(path, "utf8").catch(() => "");
}
