/** Runs that are given to a process which has loaded Pulumi before: `docker exec` is stood in for by processes of this machine. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import type Docker from "dockerode";
import { Runner, type RunOptions } from "../../../services/control-plane/runs/runner.ts";
import { until } from "../../support/until.ts";
import { TestProject } from "../cli/harness.ts";

/** Waits where it is told to, and tells what it was told. */
const PROGRAM = `
import * as pulumi from "@pulumi/pulumi";
import { existsSync, writeFileSync } from "node:fs";
const config = new pulumi.Config();
export const said = config.get("said");
export const by = process.env.DYNOFORM_USER;
export const forced = process.env.DYNOFORM_FORCE ?? "no";
writeFileSync("running", String(process.pid));
while (existsSync("wait")) await new Promise((resolve) => setTimeout(resolve, 20));
`;

let project: TestProject;
let executions: { readonly id: string; readonly command: readonly string[]; child?: ChildProcess }[] = [];
let problems: string[] = [];
/** Runs that were asked for in a test. */
let asked = 0;
let runs: string;

before(async () => {
  project = await TestProject.create("warm", { "index.ts": PROGRAM });
  runs = join(project.folder, "control", "runs");
  await mkdir(runs, { recursive: true });
  await project.ok("stack", "init", "one");
});
afterEach(async () => {
  // After each run one is started for the next.
  await until("all have begun", async () => waiters().length === asked && executions.every(({ child }) => child));
  for (const { child } of executions) end(child);
  await until("all have ended", async () => executions.every(({ child }) => !lives(child)));
  executions = [];
  asked = 0;
  problems = [];
});
after(() => project[Symbol.asyncDispose]());

/** As much of Docker as runs need. */
const docker = {
  getContainer: () => ({
    async exec({ Cmd, WorkingDir }: { Cmd: string[]; WorkingDir: string }) {
      const execution: (typeof executions)[number] = { id: `exec-${Math.random()}`, command: Cmd };
      executions.push(execution);
      return {
        id: execution.id,
        async start() {
          const [command = "", ...args] = Cmd;
          const env = { ...process.env, ...project.environment };
          // A group of its own, so that all of it can be killed as with its container.
          execution.child = spawn(command, args, { cwd: WorkingDir, env, stdio: "ignore", detached: true });
          return { resume() {} };
        },
      };
    },
  }),
  getExec: (id: string) => ({
    inspect: async () => ({ Running: lives(executions.find((execution) => execution.id === id)?.child) }),
  }),
} as unknown as Docker;

function lives(child: ChildProcess | undefined): boolean {
  return child !== undefined && child.exitCode === null && child.signalCode === null;
}

function end(child: ChildProcess | undefined): void {
  if (lives(child)) process.kill(-(child?.pid ?? 0), "SIGKILL");
}

const runner = () =>
  new Runner({ docker, platform: "test", project: project.path(), runs, report: (text) => problems.push(text) });
const up = (on: Runner, user: string, options?: RunOptions) => {
  asked++;
  return on.up("one", { user, description: "an act" }, options);
};
const waiters = () => executions.filter(({ command }) => command.includes("--standby"));
const waiting = () => waiters()[0];
const say = (said: string) => project.write("Pulumi.one.yaml", `config:\n  warm:said: ${said}\n`);
const cold = () => executions.filter(({ command }) => !command.includes("--standby")).length;

/** A runner that has made a run, and after it a process that waits. */
async function warmed(): Promise<Runner> {
  const made = runner();
  await up(made, "first");
  await listens();
  return made;
}

async function listens(): Promise<void> {
  const socket = () => waiting()?.command.at(-1) ?? "";
  await until("a process waits for the next run", async () =>
    readFile(socket()).then(
      () => false,
      (error) => error.code === "ENXIO",
    ),
  );
}

test("the next run is given to it, with what it is told now: arguments, settings and environment", async () => {
  await say("one");
  const made = await warmed();
  const process = waiting();
  await say("two");
  const { outputs } = await up(made, "second", { id: "second", force: true });
  assert.deepEqual(outputs, { said: "two", by: "second", forced: "1" });
  assert.equal(cold(), 1);
  assert.deepEqual(JSON.parse(await readFile(join(runs, "second", "execution"), "utf8")), {
    kind: "exec",
    id: process?.id,
  });
  await until("it ended with its run", async () => !lives(process?.child));
  // It leaves nothing to the next.
  await until("another waits", async () => waiters().length === 2);
  assert.deepEqual((await up(made, "third")).outputs, { said: "two", by: "third", forced: "no" });
  assert.equal(cold(), 1);
  assert.deepEqual(problems, []);
});

test("one that was killed while it waited, with what it started or that alone, is done without", async () => {
  const made = await warmed();
  end(waiting()?.child);
  assert.equal((await up(made, "after a kill")).outputs.by, "after a kill");
  assert.equal(cold(), 2);

  await until("another waits", async () => waiters().length === 2);
  const second = waiters().at(-1);
  await until("it has started its command", async () => childrenOf(second?.child?.pid).length > 0);
  for (const pid of childrenOf(second?.child?.pid)) process.kill(pid, "SIGKILL");
  await until("the command is gone", async () => childrenOf(second?.child?.pid).length === 0);
  assert.equal((await up(made, "without its command")).outputs.by, "without its command");
});

test("one that was started before code or settings changed is not used", async () => {
  const made = await warmed();
  await utimes(project.path("Pulumi.yaml"), new Date(), new Date());
  assert.equal((await up(made, "changed")).outputs.by, "changed");
  assert.equal(cold(), 2);
});

test("killed in the middle of its run, that is recorded, and the next one is made", async () => {
  const made = await warmed();
  await writeFile(project.path("wait"), "");
  const run = up(made, "killed", { id: "killed" });
  const ended = assert.rejects(run, /the run was ended from outside before it was done/);
  await until(
    "its program runs",
    async () => (await readFile(join(runs, "killed", "log"), "utf8").catch(() => "")) !== "",
  );
  end(waiting()?.child);
  await ended;
  assert.equal((await made.find("killed"))?.record.state, "abandoned");
  await rm(project.path("wait"));
  assert.equal((await up(made, "next")).outputs.by, "next");
});

test("a control plane that is killed meanwhile finds its run", async () => {
  const made = await warmed();
  await writeFile(project.path("wait"), "");
  const run = up(made, "found", { id: "found" });
  await until("it has begun", async () => (await made.find("found"))?.record.state === "running");
  const found = runner().follow("found");
  await rm(project.path("wait"));
  assert.equal((await found).outputs.by, "found");
  await run;
});

function childrenOf(pid: number | undefined): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
