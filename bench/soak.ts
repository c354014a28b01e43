/**
 * Deploys, scales and crashes over and over, at 50 requests a second. Usage: npm run soak -- [ROUNDS]
 *
 * Fails when a request got no answer of the app's own.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ensureMachine } from "../cli/setup/setup.ts";
import { Steps } from "../cli/steps.ts";
import { ensureTestImages } from "../test/support/images.ts";
import { percentile, startLoad } from "../test/support/load.ts";
import { testPlatform } from "../test/support/platform.ts";

const rounds = Number(process.argv[2] ?? 20);
if (!Number.isInteger(rounds) || rounds < 1) {
  process.stderr.write(`error: "${process.argv[2]}" is no number of rounds. Use a whole number, e.g. 20.\n`);
  process.exit(2);
}

const steps = new Steps();
const docker = await ensureMachine(steps);
await steps.run("Images", (say) => ensureTestImages(docker, say));
await using platform = await testPlatform();
const declare = (round: number, quantity: number) =>
  platform.app(
    "hello",
    {
      source: { path: "examples/flask-hello" },
      formation: { web: { quantity } },
      addons: { DATABASE: { service: "postgresql" } },
    },
    { UWSGI_THREADS: "20", GREETING: `Round ${round}` },
  );
await declare(0, 1);
await steps.run("First up", () => platform.up());

let lost = 0;
for (let round = 1; round <= rounds; round++) {
  await using load = startLoad({
    host: "hello.localhost",
    port: platform.ports.web,
    rate: 50,
    path: (n) => (n % 20 === 0 ? "/slow" : "/"),
    isFromApp: ({ status }) => status === 200,
    most: 600,
  });
  // The requests before the first change show what is normal.
  await sleep(1000);
  await declare(round, 1);
  await platform.up("hello");
  await declare(round, 3);
  await platform.up("hello");
  const filters = { label: [`dynoform.platform=${platform.name}`, "dynoform.dyno=web.2"] };
  for (const { Id } of await docker.listContainers({ filters })) await docker.getContainer(Id).kill();
  await declare(round, 1);
  await platform.up("hello");
  const result = await load.stop();
  lost += result.lost.length;
  const p99 = percentile(result.times, 0.99).toFixed(0);
  console.log(`round ${round} of ${rounds}: ${result.sent} requests, ${result.lost.length} lost, p99 ${p99} ms`);
  for (const { at, path, what } of result.lost.slice(0, 5)) console.log(`    after ${at} ms: ${path}: ${what}`);
}
console.log(`${lost} requests lost`);
process.exitCode = lost === 0 ? 0 : 1;
