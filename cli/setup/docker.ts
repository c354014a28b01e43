import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { UserError } from "../../lib/errors.ts";
import { homeDirectory } from "../../model/stack/project.ts";
import type { Say } from "../steps.ts";
import { canInstall, installPackages, quietly } from "./apt.ts";
import { isLiveRestoreSet, LIVE_RESTORE_ADVICE } from "./live-restore.ts";

/** What a caller allows to get an engine: to start what is installed, or to install it too. */
type Effort = "start" | "install";

/**
 * The machine's Docker Engine, started and installed if need be and allowed.
 *
 * `DOCKER_HOST` names it, as for Docker's own tools; otherwise it is the one at the default socket.
 */
export async function ensureDocker(say: Say, effort: Effort): Promise<Docker> {
  const docker = new Docker();
  const refusal = await ping(docker);
  if (refusal === undefined) return docker;
  if (process.env.DOCKER_HOST !== undefined) {
    throw new UserError(
      `no Docker Engine answers at DOCKER_HOST=${process.env.DOCKER_HOST} (${refusal.message}). Start it, or unset DOCKER_HOST.`,
    );
  }
  if ("code" in refusal && refusal.code === "EACCES") {
    throw new UserError(
      "this user may not use Docker's socket. Run `sudo usermod -aG docker $USER`, log in again, and repeat the command.",
    );
  }
  const root = process.getuid?.() === 0;
  let daemon = await findDaemon();
  if (daemon === undefined && effort === "install" && (await canInstall())) {
    await installPackages(["docker.io", "ca-certificates"], say);
    daemon = await findDaemon();
  }
  if (daemon === undefined || !root) throw new UserError(advice(daemon !== undefined));
  // The package's own scripts may have started it.
  if ((await ping(docker)) !== undefined) {
    await startDocker(docker, daemon, say).catch(async (error: unknown) => {
      throw (await isLiveRestoreSet()) ? new UserError(LIVE_RESTORE_ADVICE) : error;
    });
  }
  return docker;
}

async function ping(docker: Docker): Promise<Error | undefined> {
  try {
    await docker.ping();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function advice(installed: boolean): string {
  if (process.platform !== "linux") {
    return "no Docker Engine answers. Start Docker, or install it from https://docs.docker.com/get-docker/, and repeat the command.";
  }
  return installed
    ? "Docker Engine is installed but not running. Start it (`sudo systemctl start docker`) and repeat the command."
    : "Docker Engine is not installed. Install it (Debian, Ubuntu: `sudo apt-get install docker.io && sudo usermod -aG docker $USER`, then log in again) and repeat the command.";
}

async function findDaemon(): Promise<string | undefined> {
  // sbin is not on every PATH, and dockerd lies there.
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/usr/bin"];
  return folders.map((folder) => join(folder, "dockerd")).find((file) => existsSync(file));
}

async function startDocker(docker: Docker, daemon: string, say: Say): Promise<void> {
  if (existsSync("/run/systemd/system")) {
    say("systemctl start docker");
    await quietly(["systemctl", "start", "docker"]);
    await untilAnswers(docker);
    return;
  }
  const log = join(homeDirectory(), "dockerd.log");
  say(`starting ${daemon}, which writes to ${log}`);
  await removeStalePids();
  await mkdir(dirname(log), { recursive: true });
  const file = await open(log, "a");
  const from = (await file.stat()).size;
  // A session of its own, so that it outlives us and no Ctrl-C of ours reaches it.
  const child = spawn(daemon, [], { stdio: ["ignore", file.fd, file.fd], detached: true });
  child.unref();
  await file.close();
  try {
    await untilAnswers(docker, child);
  } catch {
    const said = (await readFile(log)).subarray(from).toString().trim().split("\n").at(-1);
    throw new UserError(`dockerd did not start: ${said || "it says nothing"} (all of it: ${log})`);
  }
}

/** Pid files left by a crash can name a process that is something else by now; dockerd would refuse to start. */
async function removeStalePids(): Promise<void> {
  for (const [file, name] of [
    ["/var/run/docker.pid", "dockerd"],
    ["/var/run/docker/containerd/containerd.pid", "containerd"],
  ] as const) {
    const pid = (await readFile(file, "utf8").catch(() => "")).trim();
    if (pid === "") continue;
    if (!(await isRunning(pid, name))) await rm(file, { force: true });
  }
}

/** Whether a process is there, is no zombie, and has this name. */
async function isRunning(pid: string, name: string): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const [, command, state] = /^\d+ \((.*)\) (\w)/s.exec(stat) ?? [];
  return command === name && state !== "Z";
}

async function untilAnswers(docker: Docker, daemon?: ChildProcess): Promise<void> {
  const deadline = Date.now() + 90_000;
  for (;;) {
    const refusal = await ping(docker);
    if (refusal === undefined) return;
    if (daemon !== undefined && daemon.exitCode !== null) throw refusal;
    if (Date.now() > deadline) throw new UserError(`Docker was started but does not answer: ${refusal.message}`);
    await sleep(100);
  }
}
