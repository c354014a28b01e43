/**
 * Measures, and prints a table of ratios. Usage: npm run bench -- [up] [deploy] [router]
 */
import { ensureMachine } from "../cli/setup/setup.ts";
import { Steps } from "../cli/steps.ts";
import { ensureTestImages } from "../test/support/images.ts";
import { type Bench, type Row, table } from "./row.ts";

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  up: async () => (await import("./rows/up.ts")).bench,
  deploy: async () => (await import("./rows/deploy.ts")).bench,
  router: async () => (await import("./rows/router.ts")).bench,
};

const named = process.argv.slice(2);
const unknown = named.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  process.stderr.write(`error: there is no bench "${unknown.join('", "')}". Use ${Object.keys(benches).join(", ")}.\n`);
  process.exit(2);
}

const steps = new Steps();
const docker = await ensureMachine(steps);
await steps.run("Images", (say) => ensureTestImages(docker, say));
const rows: Row[] = [];
for (const [name, load] of Object.entries(benches)) {
  if (named.length > 0 && !named.includes(name)) continue;
  const bench = await load();
  rows.push(...(await steps.run(name, bench)));
}
process.stdout.write(`\n${table(rows)}\n`);
