import { existsSync, rmSync } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { isMissing } from "../../lib/errors.ts";
import { packageRoot } from "../../lib/package-root.ts";

/** A run that a process was given. */
export interface Given {
  readonly folder: string;
  /** Says that it has begun. */
  taken(): void;
}

/** Milliseconds after which nobody is likely to want it, and between two looks whether another took its place. */
const IDLE_MS = 600_000;
const LOOK_MS = 2_000;

/** What is loaded before the run is known, below our package. */
const CODE = [
  "engine",
  "services",
  "provider",
  "lib",
  "model",
  "dist",
  "package.json",
  "package-lock.json",
  "node_modules/.package-lock.json",
];
/** Of the project. */
const SETTINGS = ["Pulumi.yaml", "pulumi.env"];

/**
 * Waits on a socket for the folder of a run: a line, which is answered by `taken`, or by `no` where code or settings have
 * changed since this process began.
 *
 * @returns undefined: nobody wanted it, or its socket was taken away
 */
export async function folderFrom(socket: string, project: string): Promise<Given | undefined> {
  const began = Date.now() - process.uptime() * 1000;
  const { promise, resolve } = Promise.withResolvers<Given | undefined>();
  const server = createServer((client) => {
    client.on("error", () => {});
    readLine(client).then(async (folder) => {
      const fresh = (await newest(project)) < began;
      if (fresh && (await claim(folder))) resolve({ folder, taken: () => void client.end("taken\n") });
      else {
        client.end("no\n");
        resolve(undefined);
      }
    });
  });
  server.listen(socket);
  const ends = Date.now() + IDLE_MS;
  const look = setInterval(() => {
    if (Date.now() > ends || !existsSync(socket)) resolve(undefined);
  }, LOOK_MS);
  const given = await promise;
  clearInterval(look);
  server.close();
  rmSync(socket, { force: true });
  return given;
}

/** Takes a run, which one process alone may do. @returns false: another has it */
export async function claim(folder: string): Promise<boolean> {
  try {
    await (await open(join(folder, "claim"), "wx")).close();
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function readLine(client: Socket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = "";
  client.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
    if (text.endsWith("\n")) resolve(text.trimEnd());
  });
  return promise;
}

/** When code or settings were last changed: also by a copy that keeps its files' times. */
async function newest(project: string): Promise<number> {
  const changes = [
    ...CODE.map((name) => lastChange(join(packageRoot(), name))),
    ...SETTINGS.map((name) => lastChange(join(project, name))),
  ];
  return Math.max(...(await Promise.all(changes)));
}

/** Milliseconds since 1970; 0: there is no such file. */
async function lastChange(path: string): Promise<number> {
  try {
    const { ctimeMs } = await stat(path);
    const below = await readdir(path, { withFileTypes: true }).catch(() => []);
    const inside = below.filter(({ name }) => name !== "node_modules").map(({ name }) => lastChange(join(path, name)));
    return Math.max(ctimeMs, ...(await Promise.all(inside)));
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}
