/**
 * Runs the tests: everything by default, or the suites and files named.
 *
 * Usage: npm test -- [--only checks,unit,engine,docker,e2e] [FILE…]
 */
import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import type Docker from "dockerode";
import { ensureMachine } from "../cli/setup/setup.ts";
import { Steps } from "../cli/steps.ts";
import { messageOf } from "../lib/errors.ts";
import { packageRoot } from "../lib/package-root.ts";
import { ensureTestImages, IMAGES_OWNER } from "./support/images.ts";
import { labelled, leftovers } from "./support/leftovers.ts";
import { add, type Count, report, runFiles } from "./support/runner.ts";

/** Suites by what they need. Two files at a time: each owns what it makes, and waits more than it computes. */
const suites = [
  { name: "checks", docker: false },
  { name: "unit", docker: false },
  { name: "engine", docker: false },
  { name: "docker", docker: true },
  { name: "e2e", docker: true },
];
const CONCURRENCY = 2;
/** Files that measure memory, which two platforms share, or times of an app: nothing else runs then. */
const ALONE = /e2e\/(control-plane|dyno-manager\/.*)\.test\.ts$/;

const { values, positionals } = parseArgs({ options: { only: { type: "string" } }, allowPositionals: true });
const named = positionals.map((path) => resolve(path));
const only = values.only?.split(",");
const wanted = (suite: string) => only?.includes(suite) ?? true;

process.chdir(packageRoot());
const total: Count = { passed: 0, failed: 0 };
try {
  if (named.length === 0 && wanted("checks")) {
    add(total, await check("typecheck", ["tsc", "-p", "."]));
    add(total, await check("lint and format", ["biome", "check", "--error-on-warnings"]));
  }
  const planned = suites
    .map((suite) => ({ ...suite, files: wanted(suite.name) ? filesOf(suite.name) : [] }))
    .filter(({ files }) => files.length > 0);

  let docker: Docker | undefined;
  let before: readonly string[] = [];
  for (const { name, files, docker: needsDocker } of planned) {
    if (needsDocker && docker === undefined) {
      const steps = new Steps();
      const engine = await ensureMachine(steps);
      await steps.run(
        "Images for tests",
        (say) => ensureTestImages(engine, say),
        () => `kept as ${IMAGES_OWNER}/*`,
      );
      before = await labelled(engine);
      docker = engine;
    }
    console.log(`\n== ${name}`);
    const [alone, together] = [files.filter((file) => ALONE.test(file)), files.filter((file) => !ALONE.test(file))];
    if (together.length > 0) add(total, await runFiles(together, CONCURRENCY));
    if (alone.length > 0) add(total, await runFiles(alone, 1));
  }
  if (docker !== undefined) add(total, await nothingLeft(docker, before));
} catch (error) {
  // Set-up is part of what is tested.
  add(total, report("set-up", 0, messageOf(error)));
}
// Not before the last line is out; whoever runs this may read slowly.
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`, () => {
  process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
});

function filesOf(suite: string): string[] {
  const all = globSync(`test/${suite}/**/*.test.ts`).sort();
  if (named.length === 0) return all;
  return all.filter((file) => named.some((path) => resolve(file) === path || resolve(file).startsWith(`${path}/`)));
}

async function check(name: string, [tool = "", ...args]: readonly string[]): Promise<Count> {
  const started = performance.now();
  const bin = join("node_modules", ".bin", tool);
  if (!existsSync(bin)) return report(name, 0, `${relative(".", bin)} is missing`);
  const result = await promisify(execFile)(bin, args).then(
    () => undefined,
    (error: Error & { stdout?: string; stderr?: string }) =>
      `${error.stdout ?? ""}${error.stderr ?? ""}` || error.message,
  );
  return report(name, performance.now() - started, result);
}

async function nothingLeft(engine: Docker, before: readonly string[]): Promise<Count> {
  const left = await leftovers(engine, before);
  return report("nothing is left in Docker", 0, left.length === 0 ? undefined : `left behind: ${left.join(", ")}`);
}
