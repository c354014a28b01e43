import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { packageRoot } from "../../../images/package-root.ts";
import { operatorOnly } from "../../../services/control-plane/accounts/operator.ts";
import { createApi } from "../../../services/control-plane/api/index.ts";
import type { ApiServer } from "../../../services/control-plane/api/server.ts";
import { Token } from "../../../services/control-plane/api/token.ts";
import { attachByUpgrade } from "../../../services/control-plane/one-off/upgrade.ts";
import { until } from "../../support/until.ts";
import { World } from "../../unit/control-plane/api/fakes.ts";
import { Ground } from "./ground.ts";

let ground: Ground;
let folder: string;
let api: ApiServer;

/** A project whose platform is an API with the one-off dynos of a real Docker Engine. */
before(async () => {
  ground = await Ground.create();
  folder = await mkdtemp(join(tmpdir(), "run-"));
  await mkdir(join(folder, "control"));
  const tokenFile = join(folder, "control", "token");
  await writeFile(tokenFile, "a-token\n");
  const oneOffs = await ground.start();
  const accounts = operatorOnly(new Token(tokenFile), { id: "me", email: "me@example.com" });
  api = createApi({
    ports: { ...new World().ports(), accounts, oneOffs },
    platform: ground.name,
    tokenFile,
    hours: { free: 0, per: "app" },
    attach: attachByUpgrade(oneOffs),
    report: (problem) => ground.problems.push(problem),
  }).server;
  const { port } = await api.listen(0, "127.0.0.1");
  const settings = { name: ground.name, directory: folder, ports: { api: port } };
  await writeFile(join(folder, "Pulumi.yaml"), "name: shop\nruntime: nodejs\n");
  await writeFile(join(folder, "Pulumi.platform.yaml"), `config:\n  dynoform:platform: ${JSON.stringify(settings)}\n`);
  await writeFile(join(folder, "Pulumi.shop.yaml"), "config:\n  dynoform:app: {}\n");
});
after(async () => {
  await api?.[Symbol.asyncDispose]();
  await ground?.[Symbol.asyncDispose]();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

function start(program: string, args: readonly string[]) {
  const child = spawn(program, args, { cwd: folder });
  const ran = { output: "", errors: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => {
    ran.output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    ran.errors += text;
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const stop = () => void child.kill("SIGKILL");
  return { child, ran, ended, [Symbol.dispose]: stop };
}

const MAIN = join(packageRoot(), "cli", "main.ts");
const dynoform = (...args: readonly string[]) => start(process.execPath, [MAIN, ...args]);

test("`run` between pipes: what goes in and comes out, errors apart, and the exit code", async () => {
  using running = dynoform("run", "-e", "A=b", "sha256sum; echo oops >&2; echo $A; exit 42");
  const { child, ran, ended } = running;
  child.stdin.on("error", () => {}).end("x".repeat(5_000_000));
  assert.equal(await ended, 42, ran.errors);
  assert.equal(ran.output, "03a7bd518f3e4ecac11f2e77f7437928ba5d80ac0b2b26a523d90e7628bfd59b  -\nb\n");
  assert.match(
    ran.errors,
    /^Running sha256sum; echo oops >&2; echo \$A; exit 42 on shop\.\.\. up, run\.\d{4}\noops\n$/,
  );
  await ground.nothingLeft();
});

test("`run` in a terminal: its size, its keys, and the exit code", async () => {
  // `script` gives it one, and takes keys from its own standard input.
  const line = `stty rows 41 cols 101; exec '${process.execPath}' '${MAIN}' run 'stty size; cat; echo end'`;
  using running = start("script", ["--quiet", "--return", "--command", line, "/dev/null"]);
  const { child, ran, ended } = running;
  // Node's raw mode lets our own terminal add returns to those of the dyno's.
  const shown = () => ran.output.replaceAll("\r", "");
  await until("it has our window's size", async () => shown().includes("\n41 101\n"));
  child.stdin.write("typed\r");
  await until("it is echoed and answered", async () => shown().includes("\ntyped\ntyped\n"));
  child.stdin.write("\x04");
  assert.equal(await ended, 0, ran.output);
  assert.match(shown(), /\nend\n$/);
  await ground.nothingLeft();
});

test("a command line that is killed takes its dyno along", async () => {
  using running = dynoform("run", "echo ready; sleep 1000");
  const { child, ran, ended } = running;
  await until("it runs", async () => ran.output === "ready\n");
  child.kill("SIGKILL");
  await ended;
  await ground.nothingLeft();
  assert.deepEqual(ground.problems, []);
});
