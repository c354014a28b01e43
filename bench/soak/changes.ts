import { RouterClient } from "../../services/router-client/client.ts";
import { appApi } from "../../test/support/app-api.ts";
import { percentile } from "../../test/support/load.ts";
import { testPlatform } from "../../test/support/platform.ts";
import { until } from "../../test/support/until.ts";
import { columns } from "../row.ts";
import { ACTS, lostOf, rollingApp, underLoad } from "../rows/rolling.ts";
import { killMain } from "./kill.ts";

/** Seconds: long enough that the app stays awake between two loads. */
const SLEEP_AFTER = 10;

/** Everything that is done to an app, over and over, at 50 requests a second. Gives what was lost. */
export async function changes(rounds: number, say: (line: string) => void): Promise<string[]> {
  await using platform = await testPlatform({ sleep: { after: SLEEP_AFTER } });
  const { docker, name, ports } = platform;
  const acts = await rollingApp(platform);
  await platform.up();
  const { socket } = await platform.engine.outputs("platform");
  const router = new RouterClient(String(socket));
  const hello = await appApi(platform, "hello");

  const more = {
    async crash() {
      await hello.scale({ web: 3 });
      const filters = { label: [`dynoform.platform=${name}`, "dynoform.dyno=web.2"] };
      for (const { Id } of await docker.listContainers({ filters })) await killMain(docker, Id);
      await hello.scale({ web: 1 });
    },
    /** The load wakes it, which begins when the table says that it sleeps: its dyno may still be ending. */
    async sleep() {},
  };
  const violations: string[] = [];
  const lines = [["act", "requests", "lost", "p50", "p99", "slowest"]];
  for (let round = 1; round <= rounds; round++) {
    for (const act of [...ACTS, ...(["crash", "sleep"] as const)]) {
      if (act === "sleep") {
        await until("hello is asleep", async () => {
          return (await router.get("hello", AbortSignal.timeout(5000)))?.mode === "asleep";
        });
      }
      const work = act === "crash" || act === "sleep" ? more[act] : () => acts[act](round);
      const result = await underLoad(ports.web, work);
      const lost = lostOf([result]);
      const { times } = result.fast;
      const line = [
        `${round} ${act}`,
        String(result.fast.sent + result.slow.sent),
        String(lost.length),
        ...[0.5, 0.99, 1].map((share) => `${percentile(times, share).toFixed(0)} ms`),
      ];
      lines.push(line);
      say(line.join("  "));
      for (const { at, path, what } of lost)
        violations.push(`round ${round}, ${act}, after ${at} ms: ${path}: ${what}`);
    }
  }
  say(`\n${columns(lines)}`);
  return violations;
}
