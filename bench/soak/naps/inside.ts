/** The part of the soak that runs in the engine's network namespace. Usage: inside.ts ROUNDS SEED */
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../lib/errors.ts";
import { RouterClient } from "../../../services/router-client/client.ts";
import { appApi } from "../../../test/support/app-api.ts";
import { apiOf } from "../../../test/support/dyno-manager.ts";
import { killDocker, onlyFolder, startDocker } from "../../../test/support/inside-docker.ts";
import { type TestPlatform, testPlatform } from "../../../test/support/platform.ts";
import { until } from "../../../test/support/until.ts";
import { columns } from "../../row.ts";
import { killMain } from "../kill.ts";
import { watchHours } from "../kills/hours.ts";
import { startProbe } from "../kills/probe.ts";
import { randomFrom } from "../kills/random.ts";

/** Seconds without a request until a nap, and until sleep. */
const AFTER = 1;
const UNTIL = 15;
/** At once, to an app that naps. */
const CROWD = 30;
/** Requests a second after what was done. */
const LOAD = 20;
/** With these down, nothing is thawed, or nothing answers at all. */
const NOTICED: ReadonlySet<string> = new Set(["dockerd", "router", "control plane"]);

const [rounds = 0, seed = 0] = process.argv.slice(2).map(Number);
const random = randomFrom(seed);
const violations = await soak((line) => console.log(line));
process.send?.({ violations });
process.disconnect();

type Act = (round: number) => Promise<unknown>;

/** What is done to `dozy` while it naps. */
async function actsOn(platform: TestPlatform): Promise<Readonly<Record<string, Act>>> {
  const { docker, name } = platform;
  const dozy = await appApi(platform, "dozy");
  const api = await apiOf(platform);
  const page = () => platform.fetch("dozy", "/");
  const dyno = async () => {
    const filters = { label: [`dynoform.platform=${name}`, "dynoform.app=dozy", "dynoform.dyno=web.1"] };
    const [found] = await docker.listContainers({ filters });
    return docker.getContainer(found?.Id ?? "none");
  };
  const again = async (part: string) => {
    await killMain(docker, `${name}-${part}`);
    await until(`${part} runs`, async () => (await docker.getContainer(`${name}-${part}`).inspect()).State.Running);
  };
  return {
    request: page,
    request2: page,
    request3: page,
    crowd: () => Promise.all(Array.from({ length: CROWD }, page)),
    config: (round) => dozy.set({ GREETING: `Round ${round}` }),
    async scale() {
      await dozy.scale({ web: 2 });
      await dozy.scale({ web: 1 });
    },
    restart: () => dozy.restart(),
    run: () => api.ask("POST", "/apps/dozy/dynos", { command: "true" }),
    async maintenance() {
      await api.ask("PATCH", "/apps/dozy", { maintenance: true });
      await api.ask("PATCH", "/apps/dozy", { maintenance: false });
    },
    async rollback() {
      const releases = await dozy.releases();
      await dozy.rollback(releases[Math.min(1, releases.length - 1)]?.version ?? 1);
    },
    up: () => platform.up("dozy"),
    "unpause by hand": async () => (await dyno()).unpause(),
    async "kill a dyno"() {
      await killMain(docker, (await dyno()).id);
      // A second crash within ten minutes would have it parked.
      await dozy.restart();
    },
    "control plane": () => again("control-plane"),
    router: () => again("router"),
    "long sleep": () => sleep((UNTIL + 3) * 1000),
  };
}

async function soak(say: (line: string) => void): Promise<string[]> {
  const platform = await testPlatform({ sleep: { after: AFTER }, nap: { enabled: true, until: UNTIL } });
  await using _folder = onlyFolder(platform);
  const { docker, name, ports } = platform;
  using hours = await watchHours(docker, name);
  const path = await platform.copyExample("flask-hello", "dozy");
  await appendFile(join(platform.directory, path, "Procfile"), "clock: sleep infinity\n");
  const addons = { DATABASE: { service: "postgresql" } };
  await platform.app("dozy", { source: { path }, addons, formation: { web: { quantity: 1 }, clock: { quantity: 1 } } });
  await platform.up();
  const { socket, directory } = await platform.engine.outputs("platform");
  const router = new RouterClient(String(socket));
  const mode = async () => (await router.get("dozy", AbortSignal.timeout(20_000)))?.mode;
  const acts = await actsOn(platform);
  const names = [...Object.keys(acts), "dockerd"];

  const violations: string[] = [];
  const lines = [["done", "found it", "took", "answered after"]];
  for (let round = 1; round <= rounds; round++) {
    const wrong = (what: string) => {
      violations.push(`round ${round}: ${what}`);
      say(`  ${what}`);
    };
    // Now and then it is found in the middle of falling asleep.
    if (random() < 0.9)
      await until("dozy rests", async () => (await mode()) !== "awake").catch((e) => wrong(messageOf(e)));
    if (random() < 0.5) await sleep(random() * 1500);
    const act = names[Math.floor(random() * names.length)] ?? "request";
    const found = await mode();
    const started = performance.now();
    try {
      if (act === "dockerd") await restartDocker(platform);
      else await acts[act]?.(round);
    } catch (error) {
      // Somebody may have thawed or ended it just before.
      if (act !== "unpause by hand" && act !== "kill a dyno") wrong(`${act}: ${messageOf(error)}`);
    }
    const took = performance.now() - started;
    const asked = performance.now();
    await using probe = startProbe("dozy", ports.web, LOAD, "/");
    await until("it answers", async () => (await platform.fetch("dozy", "/").catch(() => undefined))?.status === 200);
    const answered = performance.now() - asked;
    await sleep(500);
    const { lost } = await probe.stop();
    if (!NOTICED.has(act)) for (const what of new Set(lost)) wrong(`${act}: lost: ${what}`);
    for (const what of await stuck(platform)) wrong(`${act}: ${what}`);
    const settled = performance.now() + 15_000;
    while (hours.differences(String(directory)).length > 0 && performance.now() < settled) await sleep(500);
    for (const what of hours.differences(String(directory))) wrong(`${act}: hours: ${what}`);
    const line = [`${round} ${act}`, String(found), ms(took), ms(answered)];
    lines.push(line);
    say(line.join("  "));
  }
  say(`\n${columns(lines)}`);
  return violations;
}

async function restartDocker(platform: TestPlatform): Promise<void> {
  await killDocker();
  await sleep(500);
  await startDocker();
  await until("the API answers", () =>
    fetch(`http://127.0.0.1:${platform.ports.api}/apps`).then(
      () => true,
      () => false,
    ),
  );
}

/** Dynos of an app that was just asked are not frozen. */
async function stuck({ docker, name }: TestPlatform): Promise<string[]> {
  const filters = JSON.stringify({ label: [`dynoform.platform=${name}`, "dynoform.dyno"], status: ["paused"] });
  const frozen = await docker.listContainers({ filters });
  return frozen.map(({ Names }) => `${Names[0]} is frozen`);
}

function ms(milliseconds: number): string {
  return `${milliseconds.toFixed(0)} ms`;
}
