import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { after, test } from "node:test";
import { listRecords } from "../../../provider/build/record.ts";
import { oneOffSpec } from "../../../provider/docker/one-off.ts";
import { createProvider } from "../../../provider/index.ts";
import { baseImage } from "../../support/images.ts";
import { drive } from "../../support/provider-driver.ts";
import { until } from "../../support/until.ts";
import { buildGround } from "./ground.ts";

const TYPE = "dyno:index:ReleaseTask";
const ground = await buildGround();
after(() => ground[Symbol.asyncDispose]());
const { docker, name: platform, runtime } = ground;

const prefix = `10.${randomInt(192, 255)}`;
await docker.createNetwork({
  Name: platform,
  Driver: "overlay",
  Attachable: true,
  Labels: { "dynoform.platform": platform },
  IPAM: { Config: [{ Subnet: `${prefix}.0.0/16`, Gateway: `${prefix}.0.1` }] },
});
const image = await baseImage(docker);

const inputs = (command: string) => ({
  platform: {
    name: platform,
    directory: runtime,
    routerAddress: `${prefix}.0.10`,
    postgresAddress: `${prefix}.0.11`,
    egress: [],
    networkName: platform,
  },
  app: "shop",
  dyno: "release.1234",
  image,
  digest: "0".repeat(64),
  command,
  environment: { GREETING: "hello you", TOKEN: "hunter2" },
  size: { name: "free", memory: 512 * 2 ** 20, nanoCpus: 1_000_000_000, processes: 256, concurrency: 2 },
});

const container = `${platform}.release.1234.shop`;

async function recorded() {
  const folder = join(runtime, "release-tasks");
  return (await listRecords(folder)).at(-1);
}

test("the command runs once, hardened like a dyno, and its output is shown and kept", async () => {
  const driven = drive(createProvider());
  const command = [
    'echo "$DYNO $GREETING $(env | grep -c DYNOFORM) $PWD"',
    'echo "$(ulimit -u) $(($(id -u) >= 2 ** 20))"',
    "grep -E 'Cap(Eff|Bnd|Prm)|NoNewPrivs' /proc/self/status | tr -d '[:space:]'; echo",
    "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2> /dev/null || true",
  ].join("; ");
  const task = await driven.create(TYPE, "task", inputs(command));
  const nothing = "0".repeat(16);
  assert.deepEqual(driven.lines, [
    `-----> Running the release command: ${command}`,
    "       release.1234 hello you 0 /app",
    "       256 1",
    `       CapPrm:${nothing}CapEff:${nothing}CapBnd:${nothing}NoNewPrivs:1`,
    "       536870912",
  ]);
  const record = await recorded();
  assert.deepEqual([record?.id, record?.result], [task.outputs.record, "succeeded"]);
  assert.deepEqual(await ground.containers(), []);

  // Another size is no reason to run it again.
  driven.lines.length = 0;
  const resized = { ...inputs(command), size: { ...inputs("").size, memory: 2 ** 30 } };
  const { outputs } = await driven.update(task, resized);
  assert.equal(outputs.record, task.outputs.record);
  assert.deepEqual(driven.lines, []);
});

test("one that fails says with what and its last lines, and leaves nothing", async () => {
  const driven = drive(createProvider());
  await assert.rejects(
    driven.create(TYPE, "task", inputs("echo migrating; echo 'no such column' >&2; exit 7")),
    (error: Error) => {
      const [first, ...lines] = error.message.split("\n");
      assert.equal(
        first,
        "the release command of shop failed with exit status 7, so what served before serves on. Its last lines:",
      );
      assert.deepEqual(lines.sort(), ["    migrating", "    no such column"]);
      return true;
    },
  );
  assert.equal((await recorded())?.result, "failed");
  assert.deepEqual(await ground.containers(), []);
});

test("one that cannot start says why, and tells no config var", async () => {
  const driven = drive(createProvider());
  const lost = { ...inputs("true"), image: `sha256:${"0".repeat(64)}` };
  await assert.rejects(driven.create(TYPE, "task", lost), (error: Error) => {
    assert.match(error.message, /^the release command of shop could not be run to its end: .*[Nn]o such image/);
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  });
  assert.deepEqual(await ground.containers(), []);
});

test("a cancelled one is stopped and removed", async () => {
  const provider = createProvider();
  const stop = new AbortController();
  const lines: string[] = [];
  const running = provider.create({
    urn: "urn:pulumi:test::test::dyno:index:ReleaseTask::task",
    type: TYPE,
    name: "task",
    inputs: inputs("echo started; sleep 600"),
    signal: stop.signal,
    timeout: 0,
    preview: false,
    log: (_severity, line) => void lines.push(line),
  });
  running.catch(() => {});
  await until("it runs", async () => lines.includes("       started"));
  stop.abort();
  await assert.rejects(running, new Error("the release command of shop was cancelled"));
  assert.equal((await recorded())?.result, "cancelled");
  assert.deepEqual(await ground.containers(), []);
});

test("what a killed process left running is ended, and the command runs again", async () => {
  const { digest: _, dyno, ...rest } = inputs("sleep 600");
  const left = () => docker.createContainer(oneOffSpec({ ...rest, dyno, type: "release", tty: false, stdin: false }));
  const driven = drive(createProvider());
  await (await left()).start();
  assert.deepEqual(await ground.containers(), [container]);
  assert.equal(await driven.recover(TYPE, "task", inputs("sleep 600")), undefined);
  assert.deepEqual(await ground.containers(), []);

  await (await left()).start();
  await driven.create(TYPE, "task", inputs("echo again"));
  assert.ok(driven.lines.includes("       again"));
  assert.deepEqual(await ground.containers(), []);
});
