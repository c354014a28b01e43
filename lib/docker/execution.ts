import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { isNotFound } from "../errors.ts";
import { frames } from "./output.ts";

/** Milliseconds between two looks for a process whose output does not end. */
const LOOK_EVERY_MS = 1_000;

/** What a command printed and how it ended. */
export interface Executed {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** For an execution whose input and output go through this process. */
export const ATTACHED = { AttachStdin: true, AttachStdout: true, AttachStderr: true } as const;

/** Starts a command in a container, with {@link ATTACHED}, and waits for its end. */
export async function execute(exec: Docker.Exec, input: string): Promise<Executed> {
  const stream = await exec.start({ hijack: true, stdin: true });
  const pieces = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const reading = (async () => {
    for await (const { error, data } of frames(stream)) pieces[error ? "stderr" : "stdout"].push(data);
  })();
  stream.end(input);
  const ended = new AbortController();
  try {
    // The stream of a container that was killed may never end.
    await Promise.race([reading, untilEnded(exec, ended.signal)]);
  } finally {
    ended.abort();
    stream.destroy();
    await reading.catch(() => {});
  }
  const { ExitCode } = await exec.inspect();
  const text = (of: keyof typeof pieces) => Buffer.concat(pieces[of]).toString("utf8");
  return { exitCode: ExitCode ?? 137, stdout: text("stdout"), stderr: text("stderr") };
}

/** Starts a command that outlives this process. */
export async function detach(exec: Docker.Exec): Promise<void> {
  // The answer is empty, and keeps its connection until it was read.
  (await exec.start({ Detach: true })).resume();
}

/** @param running asks Docker whether something runs @returns false when it is gone with its container */
export async function stillRuns(running: () => Promise<boolean>): Promise<boolean> {
  try {
    return await running();
  } catch (error) {
    // A Docker that does not answer says nothing about the process.
    return !isNotFound(error);
  }
}

async function untilEnded(exec: Docker.Exec, signal: AbortSignal): Promise<void> {
  for (let gone = false; !signal.aborted; ) {
    await sleep(LOOK_EVERY_MS, undefined, { ref: false });
    const { Running } = await exec.inspect();
    // Once more, for what is still on its way.
    if (!Running && gone) return;
    gone = !Running;
  }
}
