// Runs on any Node from 18 on, before anything is installed: plain JavaScript, no dependencies.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of our package.json: the checkout, or the package below somebody's node_modules. */
const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));

/** Node refuses TypeScript below node_modules, so a published package runs its compiled copy. */
const published = root.split(/[\\/]/).includes("node_modules");

/**
 * Makes sure of the dependencies and of a Node that runs TypeScript, then runs one of our modules on it.
 * Never returns: ends with the module's exit code.
 *
 * @param {string} module path below the package root, e.g. `cli/main.ts`
 * @param {readonly string[]} args
 */
export async function hand(module, args) {
  try {
    if (!published) installDependencies();
    const node = findNode();
    const entry = published ? join(root, "dist", module.replace(/\.ts$/, ".js")) : join(root, module);
    process.exit(await run(node, [entry, ...args]));
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

function installDependencies() {
  const lock = readPackages(join(root, "package-lock.json"));
  const installed = readPackages(join(root, "node_modules", ".package-lock.json"));
  if (isCurrent(lock, installed)) return;
  console.log("==> npm packages\n    npm ci");
  const started = Date.now();
  // npm itself says through which file it was started; a bare `npm` also works when run by hand.
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  const result = spawnSync(command, [...first, "ci", "--loglevel=error"], { cwd: root, stdio: "inherit" });
  if (result.error !== undefined) throw new Error(`npm could not be started (${result.error.message}). Install npm.`);
  if (result.status !== 0) throw new Error("npm ci failed; what it said stands above.");
  console.log(`    done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

/** @param {string} file */
function readPackages(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : {};
}

/**
 * Whether node_modules holds what package-lock.json asks for, by npm's own record of what it installed.
 * Optional packages may be missing: they are for other systems.
 *
 * @param {Record<string, {version?: string, optional?: boolean}>} lock
 * @param {Record<string, {version?: string}>} installed
 */
export function isCurrent(lock, installed) {
  return Object.entries(lock).every(
    ([path, wanted]) =>
      !path.startsWith("node_modules/") ||
      (wanted.optional && installed[path] === undefined) ||
      (installed[path] !== undefined && installed[path].version === wanted.version),
  );
}

/** The running Node where it strips types by itself and has argon2, else the one from npm's `node` package. */
function findNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 24 || (major === 24 && minor >= 7)) return process.execPath;
  const manifest = createRequire(import.meta.url).resolve("node/package.json");
  const node = join(dirname(manifest), "bin", "node");
  if (existsSync(node)) return node;
  throw new Error(
    `Node ${process.versions.node} is too old and npm's "node" package brought none (are install scripts off?). Install Node 24.7 or newer.`,
  );
}

/**
 * @param {string} node
 * @param {readonly string[]} argv
 * @returns {Promise<number>}
 */
function run(node, argv) {
  const path = [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter);
  const env = { NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "node"), ...process.env, PATH: path };
  const child = spawn(node, argv, { stdio: "inherit", env });
  // A terminal sends Ctrl-C to the child as well; it decides when to end, and we end with it.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => signal !== "SIGINT" && child.kill(signal));
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 143)));
  });
}
