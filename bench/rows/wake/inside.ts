/** The part of the bench that runs in the engine's network namespace. Usage: inside.ts ROUNDS */
import { killDocker, onlyFolder, startDocker } from "../../../test/support/inside-docker.ts";
import { until } from "../../../test/support/until.ts";
import { sleepyPlatform, wakeRounds } from "./rounds.ts";

const say = (line: string) => console.log(`    ${line}`);

say("first up");
const platform = await sleepyPlatform();
await using _folder = onlyFolder(platform);
await killDocker();
await startDocker("black-hole");
await until("hello is served without a resolver", async () => {
  return (await platform.fetch("hello", "/whoami").catch(() => undefined))?.status === 200;
});
const rows = await wakeRounds(platform, "wake without a resolver", Number(process.argv[2]), say);
process.send?.({ rows });
process.disconnect();
