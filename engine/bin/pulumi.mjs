#!/usr/bin/env node
/**
 * The `pulumi` command: the real CLI where there is one on the PATH, else the embedded engine.
 *
 * PULUMI_CLI=embedded takes the embedded engine in any case, PULUMI_CLI=real only the real one. Settings
 * come from `pulumi.env` beside the nearest Pulumi.yaml, if it is there; the environment wins over it.
 */
import { execFileSync, spawn } from "node:child_process";
import { accessSync, constants, existsSync, realpathSync } from "node:fs";
import * as nodeModule from "node:module";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve, sep } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The first release that runs TypeScript as it is. */
const OLDEST_NODE = [22, 18];
const OLDEST_PULUMI = [3, 230];
/** Set while a candidate is asked for its version: if it is this program again, it must not go on. */
const PROBE = "PULUMI_CLI_PROBE";

const own = fileURLToPath(import.meta.url);
const argv = process.argv.slice(2);

if (process.env[PROBE] !== undefined) process.exit(1);
loadSettings();
const real = process.env.PULUMI_CLI === "embedded" ? undefined : findRealPulumi();
if (real !== undefined) become(real, argv);
else if (process.env.PULUMI_CLI === "real") {
  fail(
    `PULUMI_CLI=real, and no Pulumi CLI ${OLDEST_PULUMI.join(".")} or newer is on the PATH; install one or unset it`,
  );
} else if (isOlder(process.versions.node, OLDEST_NODE)) become(newerNode(), [own, ...argv]);
else await runEmbedded();

async function runEmbedded() {
  const cache = join(process.env.PULUMI_HOME || join(homedir(), ".pulumi"), "cache", "node");
  process.env.NODE_COMPILE_CACHE ??= cache;
  nodeModule.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  const cli = await import(findMain().href);
  const code = await cli.main(argv);
  // A reader may be slower than we are; to exit would cut off what it has not taken yet.
  await Promise.all([process.stdout, process.stderr].map(drained));
  process.exit(code);
}

/** The engine's code: as it was written, built in its own package, or built with a package around this one. */
function findMain() {
  const places = ["../src/cli/main.ts", "../dist/src/cli/main.js", "../../dist/engine/src/cli/main.js"];
  // Node takes no TypeScript below node_modules.
  const usable = own.includes(`${sep}node_modules${sep}`) ? places.slice(1) : places;
  const found = usable.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url));
  return found ?? fail("the engine is not built; run 'npm run build'");
}

function drained(stream) {
  return new Promise((done) => {
    stream.once("error", done); // the reader has gone
    stream.write("", done);
  });
}

function loadSettings() {
  const flag = argv.findIndex((argument) => argument === "-C" || argument === "--cwd");
  const inline = argv.map((argument) => /^(?:--cwd=|-C=?)(.+)$/.exec(argument)?.[1]).find(Boolean);
  const start = inline ?? (flag < 0 ? "." : (argv[flag + 1] ?? "."));
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"].some((name) => existsSync(join(folder, name)))) {
      const file = join(folder, "pulumi.env");
      if (existsSync(file)) process.loadEnvFile(file);
      return;
    }
    if (dirname(folder) === folder) return;
  }
}

function findRealPulumi() {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const candidate = join(folder, "pulumi");
    if (folder !== "" && isOther(candidate) && isRecent(candidate)) return candidate;
  }
  return undefined;
}

/** Whether it is an executable, and not this program, be it in another checkout. */
function isOther(candidate) {
  try {
    accessSync(candidate, constants.X_OK);
    const target = realpathSync(candidate);
    return target !== realpathSync(own) && !target.endsWith(join("engine", "bin", "pulumi.mjs"));
  } catch {
    return false;
  }
}

function isRecent(candidate) {
  try {
    const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true", [PROBE]: "1" };
    const version = execFileSync(candidate, ["version"], {
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return !isOlder(version.trim().replace(/^v/, ""), OLDEST_PULUMI);
  } catch {
    return false;
  }
}

/** The binary of npm's package `node`, where that is installed. */
function newerNode() {
  try {
    return join(dirname(nodeModule.createRequire(own).resolve("node/package.json")), "bin", "node");
  } catch {
    return fail(
      `Node.js ${OLDEST_NODE.join(".")} or newer is needed, and this is ${process.versions.node}; ` +
        "install one, or npm's package 'node' beside this one",
    );
  }
}

/** Runs another program in this one's place: as this process if Node can do that, else as its child. */
function become(program, args) {
  if (typeof process.execve === "function") process.execve(program, [program, ...args], process.env);
  // A session of its own, so that a Ctrl-C of the terminal reaches it once, through here.
  const child = spawn(program, args, { stdio: "inherit", detached: true });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.once("error", (error) => fail(`${program}: ${error.message}`));
  child.once("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function isOlder(version, [major, minor]) {
  const [actualMajor = 0, actualMinor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return actualMajor < major || (actualMajor === major && actualMinor < minor);
}

function fail(message) {
  process.stderr.write(`error: ${message}\n`);
  return process.exit(1);
}
