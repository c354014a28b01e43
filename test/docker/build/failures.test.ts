import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { until } from "../../support/until.ts";
import { buildGround } from "./ground.ts";
import { withBuildCode, writeSource } from "./sources.ts";

const ground = await buildGround();
after(() => ground[Symbol.asyncDispose]());
const { docker, directory, name: platform } = ground;

/** The build's container. */
const containerOf = (app: string) => `${platform}.build.${app}`;
/** Installed anew in every run: what was kept of earlier ones has another comment. */
const six = `six==1.17.0 # ${platform}\n`;
const slow = withBuildCode("import time\ntime.sleep(600)");

test("a requirement that cannot be had fails the build with pip's words, without secrets, and leaves nothing", async () => {
  const source = await writeSource(join(directory, "failing"), {
    "requirements.txt": "nothing @ https://user:hunter2@pypi.org/no/such/nothing-1.0.tar.gz\n",
  });
  const error = await failure(ground.build("failing", source));
  const lines = error.message.split("\n");
  assert.equal(lines[0], "the requirements could not be installed (exit status 1). The last lines:");
  assert.match(error.message, /404/);
  const [record] = (await ground.records()).filter(({ app }) => app === "failing");
  assert.deepEqual([record?.result, record?.error, record?.image], ["failed", lines[0], undefined]);
  for (const text of [error.message, await ground.log(record?.id ?? ""), ...ground.lines]) {
    assert.ok(!text.includes("hunter2"), text);
  }
  assert.deepEqual([await ground.containers(), await ground.images()], [[], []]);

  await writeFile(join(source, "requirements.txt"), six);
  assert.match((await ground.build("failing", source)).image, /^sha256:/);
});

test("code that a package runs while it is built is an ordinary user's and reaches nothing private", async () => {
  const nonce = `nonce-${Math.random()}`;
  await using server = createServer((_request, response) => void response.end(nonce));
  await once(server.listen(0, "0.0.0.0"), "listening");
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const host = own.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  const { port } = server.address() as AddressInfo;
  const probe = `import os, urllib.request
found = [f"uid {os.getuid()} gid {os.getgid()}"]
found += [" ".join(line.split()) for line in open("/proc/self/status") if line.startswith(("CapEff", "CapBnd", "NoNewPrivs"))]
found += [name for name in os.environ if name.startswith("DYNOFORM")]
for url in ("http://${host}:${port}/", "http://169.254.169.254/", "https://pypi.org/simple/six/"):
    try:
        found.append(f"{url[:12]} {urllib.request.urlopen(url, timeout=20).read()[:30]}")
    except OSError as error:
        found.append(f"{url[:12]} {error}")
for path in ("/usr/lib/dynoform/x", "/etc/x", "/opt/venv/x"):
    found.append(f"{path} {os.access(os.path.dirname(path), os.W_OK)}")
raise SystemExit("FOUND " + " | ".join(found))`;
  const source = await writeSource(join(directory, "probe"), withBuildCode(probe));
  await assert.rejects(ground.build("probe", source));
  const [line = ""] = ground.lines.filter((text) => text.includes("FOUND "));
  const found = line.replace(/.*FOUND /, "").split(" | ");
  assert.deepEqual(found.slice(0, 4), [
    "uid 2147483646 gid 1048575",
    "CapEff: 0000000000000000",
    "CapBnd: 0000000000000000",
    "NoNewPrivs: 1",
  ]);
  assert.ok(!line.includes(nonce), line);
  assert.match(found[4] ?? "", /Connection refused|No route|unreachable/);
  assert.match(found[5] ?? "", /Connection refused|No route|unreachable/);
  assert.match(found[6] ?? "", /^https:\/\/pypi b'/);
  assert.deepEqual(found.slice(7), ["/usr/lib/dynoform/x False", "/etc/x False", "/opt/venv/x True"]);
});

test("a source that changes after it was declared is not built", async () => {
  const source = await writeSource(join(directory, "changing"), { "requirements.txt": six, "a.py": "" });
  await assert.rejects(ground.buildDeclared("changing", source, "0".repeat(64)), {
    message: `the source of changing in ${source} has changed since this began; run the same command again`,
  });
  assert.equal((await ground.records()).filter(({ app }) => app === "changing").length, 0);
});

test("builds of two apps take turns", async () => {
  const [one, two] = await Promise.all(
    ["one", "two"].map((app) => writeSource(join(directory, app), { "requirements.txt": six })),
  );
  ground.lines.length = 0;
  await Promise.all([ground.build("one", one ?? ""), ground.build("two", two ?? "")]);
  const waiting = ground.lines.filter((line) => line.startsWith("-----> Waiting"));
  assert.equal(waiting.length, 1);
  assert.match(
    waiting[0] ?? "",
    new RegExp(`^-----> Waiting for another build: app (one|two) of ${platform} \\(process \\d+\\)$`),
  );
  const [first, second] = (await ground.records())
    .filter(({ app }) => ["one", "two"].includes(app))
    .map(({ end }) => end);
  assert.ok(first && second);
});

test("a cancelled build stops at once and leaves nothing", async () => {
  const source = await writeSource(join(directory, "slow"), slow);
  const cancel = new AbortController();
  const building = ground.build("slow", source, cancel.signal);
  building.catch(() => {});
  await until("the build runs", () => isRunning(containerOf("slow")));
  cancel.abort();
  await assert.rejects(building, { message: "the build of slow was cancelled" });
  const [record] = (await ground.records()).filter(({ app }) => app === "slow");
  assert.equal(record?.result, "cancelled");
  assert.deepEqual(await ground.containers(), []);
});

test("what a killed build left is removed by the next, and its record reads as abandoned", async () => {
  const source = await writeSource(join(directory, "killed"), slow);
  const program = join(import.meta.dirname, "interrupted.ts");
  const child = spawn(process.execPath, [program, platform, "killed", source], { stdio: "inherit" });
  try {
    await until("the build runs", () => isRunning(containerOf("killed")));
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  const [record] = (await ground.records()).filter(({ app }) => app === "killed");
  assert.equal(record?.result, "abandoned");
  assert.deepEqual(await ground.containers(), [containerOf("killed")]);

  const next = await writeSource(join(directory, "next"), { "requirements.txt": six });
  await appendFile(join(next, "Procfile"), "worker: python -V\n");
  await ground.build("next", next);
  assert.deepEqual(await ground.containers(), []);
  assert.ok(ground.lines.includes("       Procfile declares types -> web, worker"));
});

async function failure(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error);
  return error;
}

async function isRunning(container: string): Promise<boolean> {
  try {
    return (await docker.getContainer(container).inspect()).State.Running;
  } catch {
    return false;
  }
}
