/**
 * Usage: npm run soak -- [ROUNDS]         deploys, config changes, scaling, restarts, crashes and sleep under load
 *        npm run soak -- kills [ROUNDS] [--seed SEED]   the platform's parts and dockerd killed at random under load
 *        npm run soak -- deliveries [COUNT]  pushes at GitHub whose deliveries are shuffled, doubled and lost, and 20 kills
 *        npm run soak -- drift                  a platform changed by hand in 21 ways, each found and put right
 *        npm run soak -- naps [ROUNDS] [--seed SEED]    all that is done to an app that naps, dockerd killed now and then
 *        npm run soak -- engine [ROUNDS] [--seed SEED]  the engine: 100 random stacks and a kill -9 each round
 *
 * Fails when a request was lost, or something is not as it was after a kill.
 */
import { parseArgs } from "node:util";
import { ensureMachine } from "../cli/setup/setup.ts";
import { Steps } from "../cli/steps.ts";
import { ensureTestImages } from "../test/support/images.ts";

const soaks = {
  changes: { rounds: 20, docker: true, load: async () => (await import("./soak/changes.ts")).changes },
  kills: { rounds: 50, docker: true, load: async () => (await import("./soak/kills/kills.ts")).kills },
  deliveries: { rounds: 500, docker: true, load: async () => (await import("./soak/deliveries.ts")).deliveries },
  drift: { rounds: 1, docker: true, load: async () => (await import("./soak/drift.ts")).drift },
  naps: { rounds: 500, docker: true, load: async () => (await import("./soak/naps/naps.ts")).naps },
  engine: { rounds: 20, docker: false, load: async () => (await import("./soak/engine.ts")).engine },
};

function isKind(text: string | undefined): text is keyof typeof soaks {
  return text !== undefined && Object.hasOwn(soaks, text);
}

const { values, positionals: args } = parseArgs({ options: { seed: { type: "string" } }, allowPositionals: true });
const kind = isKind(args[0]) ? args[0] : undefined;
const [given, ...more] = kind === undefined ? args : args.slice(1);
const { rounds: usual, docker: needsDocker, load } = soaks[kind ?? "changes"];
const rounds = Number(given ?? usual);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed) || more.length > 0) {
  process.stderr.write(`error: "${args.join(" ")}" is no number of rounds. Use a whole number, e.g. 20.\n`);
  process.exit(2);
}

if (needsDocker) {
  const steps = new Steps();
  const docker = await ensureMachine(steps);
  await steps.run("Images", (say) => ensureTestImages(docker, say));
}
const soak = await load();
const violations = await soak(rounds, (line) => console.log(line), seed);
for (const violation of violations) console.log(`violation: ${violation}`);
console.log(violations.length === 0 ? "everything held" : `${violations.length} violations`);
process.exitCode = violations.length === 0 ? 0 : 1;
