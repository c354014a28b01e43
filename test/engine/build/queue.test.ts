import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ownIdentity } from "../../../lib/process-identity.ts";
import { takeTurn } from "../../../lib/turns.ts";
import { listRecords, openRecord } from "../../../provider/build/record.ts";

const program = join(import.meta.dirname, "turns.ts");

async function folder() {
  const path = await mkdtemp(join(tmpdir(), "dynoform-queue-"));
  return {
    path: join(path, "queue"),
    journal: join(path, "journal"),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}

function turns(path: string, name: string, count: number): ChildProcess & AsyncDisposable {
  const child = spawn(process.execPath, [program, path, name, String(count)], { stdio: ["ignore", "pipe", "inherit"] });
  return Object.assign(child, {
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")) await once(child, "exit");
    },
  });
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error("no output");
  for await (const line of createInterface({ input: stdout })) return line;
  throw new Error("it ended without a word");
}

const never = new AbortController().signal;

test("processes take turns, and nobody's overlaps another's", async () => {
  await using queue = await folder();
  const names = ["a", "b", "c", "d"];
  await using children = new AsyncDisposableStack();
  const running = names.map((name) => children.use(turns(queue.path, name, 10)));
  const codes = await Promise.all(running.map(async (child) => (await once(child, "exit"))[0]));
  assert.deepEqual(codes, [0, 0, 0, 0]);
  const lines = (await readFile(queue.journal, "utf8")).trim().split("\n");
  assert.equal(lines.length, 2 * 10 * names.length);
  for (let i = 0; i < lines.length; i += 2) {
    assert.equal(lines[i]?.replace("begin", "end"), lines[i + 1]);
  }
  assert.deepEqual(await readdir(queue.path), []);
});

test("a process that was killed lets the next one in", async () => {
  await using queue = await folder();
  await using child = turns(queue.path, "forever", 1);
  assert.equal(await firstLine(child), "begin forever");
  const told: string[] = [];
  const turn = takeTurn(
    queue.path,
    "app next",
    (line) => {
      told.push(line);
      child.kill("SIGKILL");
    },
    never,
  );
  await using _turn = await turn;
  assert.deepEqual(told, [`Waiting for another build: app forever (process ${child.pid})`]);
});

test("whoever takes a number while another looks may have the smaller one", async () => {
  await using queue = await folder();
  await mkdir(queue.path);
  // Found in the folder, and not there any more when it is read: it was given its number in between.
  const choosing = join(queue.path, "choosing-other");
  await symlink("nowhere", choosing);
  const told = Promise.withResolvers<string>();
  const turn = takeTurn(queue.path, "app next", told.resolve, never);
  // It has its number, and looks for longer than it needs if that is all it does.
  for (let looks = 0; looks < 50; ) if ((await readdir(queue.path)).some((name) => /^\d/.test(name))) looks++;
  const numbered = join(queue.path, "000000000000-other");
  const ticket = { pid: process.pid, hostname: hostname(), what: "app other", ...(await ownIdentity()) };
  await writeFile(`${queue.path}.ticket`, JSON.stringify(ticket));
  await rename(`${queue.path}.ticket`, numbered);
  await rm(choosing);
  const first = await Promise.race([told.promise, turn.then(() => "both have the turn")]);
  assert.equal(first, `Waiting for another build: app other (process ${process.pid})`);
  await rm(numbered);
  await (await turn)[Symbol.asyncDispose]();
});

test("who gives up waiting leaves nothing behind", async () => {
  await using queue = await folder();
  const first = await takeTurn(queue.path, "app first", () => {}, never);
  const patience = new AbortController();
  await assert.rejects(
    takeTurn(queue.path, "app second", () => patience.abort(), patience.signal),
    { name: "AbortError" },
  );
  assert.equal((await readdir(queue.path)).length, 1);
  await first[Symbol.asyncDispose]();
  assert.deepEqual(await readdir(queue.path), []);
});

test("a build record tells how its build ended", async () => {
  await using records = await folder();
  const first = await openRecord(records.path, "hello", "d1");
  first.log("-----> one");
  assert.equal((await listRecords(records.path))[0]?.result, "running");
  first.log("       two");
  await first.close({ result: "succeeded", image: "sha256:1" });
  await sleep(2); // ids sort by milliseconds
  const second = await openRecord(records.path, "hello", "d2");
  await second.close({ result: "failed", error: "no" });
  const found = await listRecords(records.path);
  assert.deepEqual(
    found.map(({ id, app, digest, result, image, error }) => ({ id, app, digest, result, image, error })),
    [
      { id: first.id, app: "hello", digest: "d1", result: "succeeded", image: "sha256:1", error: undefined },
      { id: second.id, app: "hello", digest: "d2", result: "failed", image: undefined, error: "no" },
    ],
  );
  assert.equal(await readFile(join(records.path, first.id, "log"), "utf8"), "-----> one\n       two\n");
});
