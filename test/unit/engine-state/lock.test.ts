import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { Backend } from "../../../engine/src/state/backend.ts";
import { lockStack, removeLocks } from "../../../engine/src/state/lock.ts";
import { openBackend } from "../../../engine/src/state/open-backend.ts";
import { isGone, ownIdentity } from "../../../engine/src/state/process-identity.ts";

const name = { project: "p", stack: "s" };
const real = { pid: 99, username: "u", hostname: "h", timestamp: "2026-01-01T00:00:00.123456Z" };

let folder: string;
let backend: Backend;
let locks: string;
const said: string[] = [];
const say = (line: string) => said.push(line);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dynoform-lock-"));
  backend = openBackend(`file://${folder}`, "/");
  await backend.prepare();
  locks = join(folder, ".pulumi", "locks", "organization", "p", "s");
  said.length = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function leave(content: object): Promise<void> {
  await mkdir(locks, { recursive: true });
  await writeFile(join(locks, "aaaa.json"), JSON.stringify(content));
}

test("a lock is what Pulumi writes and who holds it, and goes when released", async () => {
  const lock = await lockStack(backend, name, say);
  const [file = ""] = await readdir(locks);
  const content = JSON.parse(await readFile(join(locks, file), "utf8"));
  assert.equal(content.pid, process.pid);
  assert.equal(content.hostname, hostname());
  assert.ok(!Number.isNaN(Date.parse(content.timestamp)));
  assert.deepEqual(await ownIdentity(), {
    bootId: content.bootId,
    pidNamespace: content.pidNamespace,
    startTime: content.startTime,
  });
  await lock.release();
  assert.deepEqual(await readdir(locks), []);
  assert.deepEqual(said, []);
});

test("of two at once at most one gets it, and the other is told who has it", async () => {
  const lock = await lockStack(backend, name, say);
  await assert.rejects(
    lockStack(backend, name, say),
    /currently locked by 1 lock\(s\)\. Either wait .*\n {2}file:\/\/.*\(pid \d+\)/,
  );
  await lock.release();
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockStack(backend, name, say)));
  const held = tries.filter((result) => result.status === "fulfilled");
  assert.ok(held.length <= 1);
  for (const { value } of held) await value.release();
  await (await lockStack(backend, name, say)).release();
});

test("another program's lock is respected, with the real CLI's words, until it is cancelled", async () => {
  await leave(real);
  await assert.rejects(lockStack(backend, name, say), {
    message:
      "the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file " +
      `with \`pulumi cancel\`.\n  file://${folder}/.pulumi/locks/organization/p/s/aaaa.json: ` +
      "created by u@h (pid 99) at 2026-01-01T00:00:00Z",
  });
  assert.deepEqual(await readdir(locks), ["aaaa.json"]);
  await removeLocks(backend, name);
  await (await lockStack(backend, name, say)).release();
});

test("the lock of a process that is certainly gone is taken over, and one line says so", async () => {
  const own = await ownIdentity();
  const abandoned = [
    { ...real, ...own, pid: 4_194_305 },
    { ...real, ...own, pid: process.pid, startTime: "1" },
    { ...real, ...own, hostname: hostname(), bootId: "another" },
  ];
  for (const content of abandoned) {
    await leave(content);
    await (await lockStack(backend, name, say)).release();
    assert.equal(said.length, 1);
    assert.match(said.pop() ?? "", /^Taking over the lock of process \d+ .*ended without releasing it\.$/);
  }
});

test("in doubt a process is not gone", async () => {
  const own = await ownIdentity();
  assert.equal(await isGone({ ...real, pid: 4_194_305 }), false, "the real CLI's lock says too little");
  assert.equal(await isGone({ ...real, ...own, pid: process.pid }), false, "it runs");
  assert.equal(await isGone({ ...real, ...own, pid: 4_194_305, pidNamespace: "pid:[1]" }), false, "another container");
  assert.equal(await isGone({ ...real, ...own, bootId: "another" }), false, "another machine");
});
