/**
 * Measures, and prints a table of ratios. Usage: npm run bench -- [--rounds N] [BENCH…]
 *
 * Fails when one is beyond what it must keep to.
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { ensureMachine } from "../cli/setup/setup.ts";
import { Steps } from "../cli/steps.ts";
import { ensureTestImages } from "../test/support/images.ts";
import { type Bench, holds, type Row, table } from "./row.ts";

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  engine: async () => (await import("./rows/engine/engine.ts")).bench,
  states: async () => (await import("./rows/engine/states.ts")).bench,
  up: async () => (await import("./rows/up.ts")).bench,
  deploy: async () => (await import("./rows/deploy.ts")).bench,
  router: async () => (await import("./rows/router.ts")).bench,
  wake: async () => (await import("./rows/wake/wake.ts")).bench,
  "wake-without-resolver": async () => (await import("./rows/wake/wake.ts")).withoutResolver,
  nap: async () => (await import("./rows/nap.ts")).bench,
  rolling: async () => (await import("./rows/rolling.ts")).bench,
  api: async () => (await import("./rows/api.ts")).bench,
  hooks: async () => (await import("./rows/hooks.ts")).bench,
  github: async () => (await import("./rows/github.ts")).bench,
  push: async () => (await import("./rows/push.ts")).bench,
  logs: async () => (await import("./rows/logs.ts")).bench,
  postgres: async () => (await import("./rows/postgres.ts")).bench,
};

/** Those that need no Docker. */
const ALONE: ReadonlySet<string> = new Set(["engine", "hooks"]);

/** Programs of the host that a bench needs, which are Debian packages of the same name. */
const TOOLS: Readonly<Record<string, readonly string[]>> = { router: ["wrk"] };

const { values, positionals: named } = parseArgs({ options: { rounds: { type: "string" } }, allowPositionals: true });
const unknown = named.filter((name) => !Object.hasOwn(benches, name));
const wanted = Object.keys(benches).filter((name) => named.length === 0 || named.includes(name));
const folders = (process.env.PATH ?? "").split(delimiter);
const missing = wanted
  .flatMap((name) => TOOLS[name] ?? [])
  .filter((tool) => !folders.some((folder) => existsSync(join(folder, tool))));
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
const problem =
  unknown.length > 0
    ? `there is no bench "${unknown.join('", "')}". Use ${Object.keys(benches).join(", ")}.`
    : rounds !== undefined && (!Number.isInteger(rounds) || rounds < 1)
      ? `"${values.rounds}" is no number of rounds. Use a whole number, e.g. 20.`
      : missing.length > 0
        ? `${missing.join(", ")} is not installed: \`apt-get install ${missing.join(" ")}\``
        : undefined;
if (problem !== undefined) {
  process.stderr.write(`error: ${problem}\n`);
  process.exit(2);
}

const steps = new Steps();
if (wanted.some((name) => !ALONE.has(name))) {
  const docker = await ensureMachine(steps);
  await steps.run("Images", (say) => ensureTestImages(docker, say));
}
const rows: Row[] = [];
for (const [name, load] of Object.entries(benches)) {
  if (!wanted.includes(name)) continue;
  const bench = await load();
  rows.push(...(await steps.run(name, (say) => bench(say, { rounds }))));
}
process.stdout.write(`\n${table(rows)}\n`);
process.exitCode = rows.every(holds) ? 0 : 1;
