/** The part of the soak that runs in the engine's network namespace. Usage: inside.ts ROUNDS SEED */
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../lib/errors.ts";
import { RouterClient } from "../../../services/router-client/client.ts";
import { appApi } from "../../../test/support/app-api.ts";
import { apiOf } from "../../../test/support/dyno-manager.ts";
import { killDocker, onlyFolder, startDocker } from "../../../test/support/inside-docker.ts";
import { type TestPlatform, testPlatform } from "../../../test/support/platform.ts";
import { until } from "../../../test/support/until.ts";
import { ask, type PlainService, plainService } from "../../plain/service.ts";
import { columns } from "../../row.ts";
import { killMain } from "../kill.ts";
import { watchHours } from "./hours.ts";
import { startProbe } from "./probe.ts";
import { randomFrom } from "./random.ts";

const PARTS = ["control-plane", "runner", "router", "postgres"] as const;
const VICTIMS = [...PARTS, "dockerd"] as const;
type Victim = (typeof VICTIMS)[number];
/** With these down, apps never stop. */
const UNNOTICED: ReadonlySet<Victim> = new Set(["control-plane", "runner"]);

/** Milliseconds that an app may be served again later than the plain service. */
const LATER = 2000;
/** Seconds without a request. */
const SLEEP_AFTER = 4;
/** Milliseconds in which a kill hits an `up` somewhere. */
const UP = 6000;
/** Milliseconds after which a supervisor starts dockerd again. */
const SUPERVISOR = 500;
/** Seconds in which a change that was cut short is finished. */
const FINISH = 120;

const [rounds = 0, seed = 0] = process.argv.slice(2).map(Number);
const random = randomFrom(seed);
const violations = await kills((line) => console.log(line));
process.send?.({ violations });
process.disconnect();

/**
 * Kills a part of the platform, or dockerd, at random while `hello` is asked 45 times a second, every second time in the middle of a
 * change, and a plain Swarm service in the same round. `dozy` sleeps and is asked at once.
 */
async function kills(say: (line: string) => void): Promise<string[]> {
  const platform = await testPlatform({ sleep: { after: SLEEP_AFTER } });
  await using _folder = onlyFolder(platform);
  const { docker, name, ports } = platform;
  using hours = await watchHours(docker, name);
  await platform.app(
    "hello",
    {
      source: { path: "examples/flask-hello" },
      // One that does not sleep.
      formation: { web: { quantity: 1, size: "standard-1x" } },
      addons: { DATABASE: { service: "postgresql" } },
    },
    { UWSGI_THREADS: "20", GREETING: "Round 0" },
  );
  await platform.app("dozy", { source: { path: "examples/flask-hello" } }, { DATABASE_URL: "sqlite:////tmp/d.db" });
  await platform.up();
  await using plain = await plainService(platform, "hello");
  await until("the plain service runs", async () => (await plain.addresses()).length === 1);
  const { socket, directory } = await platform.engine.outputs("platform");
  const router = new RouterClient(String(socket));

  const violations: string[] = [];
  const lines = [
    ["killed", "requests", "lost", "served again", "from its database", "plain again", "dozy awake", "change"],
  ];
  let greeting = "Round 0";
  for (let round = 1; round <= rounds; round++) {
    const wrong = (what: string) => {
      violations.push(`round ${round}: ${what}`);
      say(`  ${what}`);
    };
    const victim = VICTIMS[Math.floor(random() * VICTIMS.length)] as Victim;
    await until("dozy is asleep", async () => {
      return (await router.get("dozy", AbortSignal.timeout(20_000)))?.mode === "asleep";
    });
    await using pages = startProbe("hello", ports.web, 40, "/whoami");
    await using queries = startProbe("hello", ports.web, 5, "/");
    await sleep(1000);

    const change = round % 2 === 0 ? undefined : configure(platform, `Round ${round}`);
    if (change !== undefined) await sleep(random() * UP);
    const plainBefore = (await plain.containers())[0]?.Id ?? "";
    const killedAt = victim === "dockerd" ? performance.now() : await killMain(docker, `${name}-${victim}`);
    const plainWithDocker = victim === "dockerd" ? plainRestarted(plain, plainBefore, killedAt) : undefined;
    if (victim === "dockerd") await restartDocker();
    const [awake] = await Promise.all([wakes(platform, "dozy"), runsAgain(platform, victim)]);
    let [changed, error] = (await change) ?? [undefined, ""];
    const finisher = victim === "control-plane" || victim === "dockerd";
    // Whoever asked is not told how it went on; the control plane that was started again finishes what was begun.
    if (change !== undefined && finisher) {
      const now = await finished(platform);
      if (now === undefined) wrong(`${victim}: ${FINISH} s later hello is not what its file says`);
      if (changed && now !== `Round ${round}`) wrong(`${victim}: the change was said to be made, and is not`);
      changed ||= now === `Round ${round}`;
    }
    // An app whose `up` was cut short is repaired by the next one.
    if (change !== undefined && !changed) {
      const [repaired, again] = await configure(platform, `Round ${round}`);
      if (!repaired) wrong(`the change after one that failed (${error}) failed too: ${again}`);
    }
    if (change !== undefined) greeting = `Round ${round}`;
    await until("hello is served", async () => {
      return (await platform.fetch("hello").catch(() => undefined))?.status === 200;
    });
    await sleep(1000);
    const [page, query] = [await pages.stop(), await queries.stop()];
    const plainAgain = await (plainWithDocker ?? plainKilled(platform, plain));

    const queryAgain = query.servedAgain(killedAt);
    // The plain service has no database that would have to be started again with Docker.
    const again = Math.max(page.servedAgain(killedAt), victim === "dockerd" ? 0 : queryAgain);
    const lost = [...page.lost, ...query.lost];
    if (UNNOTICED.has(victim)) for (const what of new Set(lost)) wrong(`lost with the ${victim} down: ${what}`);
    if (again > plainAgain + LATER) wrong(`${victim}: served again ${ms(again - plainAgain)} after the plain service`);
    if (awake === undefined) wrong(`${victim}: dozy did not wake in 60 s`);
    for (const what of await stale(platform, router)) wrong(`${victim}: ${what}`);
    const { body } = await platform.fetch("hello");
    if (!body.includes(`<title>${greeting} from`)) wrong(`${victim}: hello does not answer with "${greeting}"`);
    // The control plane has some time to see what happened while it was down.
    const settled = performance.now() + 15_000;
    const differ = () => hours.differences(String(directory));
    while (differ().length > 0 && performance.now() < settled) await sleep(500);
    for (const what of differ()) wrong(`${victim}: hours: ${what}`);

    const outcome = change === undefined ? "" : changed ? "made" : "not made, repaired";
    const line = [`${round} ${victim}`, String(page.sent + query.sent), String(lost.length)];
    line.push(ms(again), ms(queryAgain), ms(plainAgain), awake === undefined ? "never" : ms(awake), outcome);
    lines.push(line);
    say(line.join("  "));
  }
  const outcome = await platform.pulumi("preview", "-s", "hello", "--expect-no-changes");
  if (outcome.exitCode !== 0) violations.push(`in the end hello is not what its file says:\n${outcome.output}`);
  say(`\n${columns(lines)}`);
  return violations;
}

/** Changes a config var as a user does. Gives whether it was made, and what was said. */
async function configure(platform: TestPlatform, greeting: string): Promise<[made: boolean, said: string]> {
  const hello = await appApi(platform, "hello");
  return hello.set({ GREETING: greeting }).then(
    () => [true, ""],
    (error: unknown) => [false, messageOf(error)],
  );
}

/** Asks until an app answers as itself. Gives after how many milliseconds; undefined: not in 60 s. */
async function wakes(platform: TestPlatform, app: string): Promise<number | undefined> {
  const started = performance.now();
  while (performance.now() - started < 60_000) {
    const answer = await platform.fetch(app, "/whoami").catch(() => undefined);
    if (answer?.status === 200) return performance.now() - started;
    await sleep(100);
  }
  return undefined;
}

async function restartDocker(): Promise<void> {
  await killDocker();
  await sleep(SUPERVISOR);
  await startDocker();
}

/** Kills the plain service's container. Gives after how many milliseconds another one answers. */
async function plainKilled({ docker }: TestPlatform, plain: PlainService): Promise<number> {
  const answered = plain.firstAnswer("/whoami");
  const killedAt = await killMain(docker, (await plain.containers())[0]?.Id ?? "");
  await answered;
  return performance.now() - killedAt;
}

/** Gives how many milliseconds after `killedAt` a container of the plain service answers that dockerd has started again. */
async function plainRestarted(plain: PlainService, before: string, killedAt: number): Promise<number> {
  while (performance.now() - killedAt < 120_000) {
    const [container] = await plain.containers().catch(() => []);
    if (container !== undefined && container.Id !== before) {
      const [address = ""] = await plain.addresses().catch(() => []);
      if (address !== "" && (await ask(address, "/whoami")).status === 200) return performance.now() - killedAt;
    }
    await sleep(20);
  }
  return Number.POSITIVE_INFINITY;
}

/** Waits until `hello` is what its file says, with nobody's help. Gives its greeting; undefined: it does not become that. */
async function finished(platform: TestPlatform): Promise<string | undefined> {
  const api = await apiOf(platform);
  const end = performance.now() + FINISH * 1000;
  while (performance.now() < end) {
    const { body } = await api.ask("GET", "/apps/hello/config-vars").catch(() => ({ body: {} }));
    const page = await platform.fetch("hello").catch(() => undefined);
    if (body.GREETING !== undefined && page?.body.includes(`<title>${body.GREETING} from`)) {
      const { exitCode } = await platform.pulumi("preview", "-s", "hello", "--expect-no-changes");
      if (exitCode === 0) return body.GREETING;
    }
    await sleep(500);
  }
  return undefined;
}

/** Waits until Docker has started a part of the platform again, and it does its work. */
async function runsAgain({ docker, name, ports }: TestPlatform, victim: Victim): Promise<void> {
  const running = async (part: string) => (await docker.getContainer(`${name}-${part}`).inspect()).State.Running;
  for (const part of victim === "dockerd" ? PARTS : [victim]) await until(`${part} runs`, () => running(part));
  if (victim !== "control-plane" && victim !== "dockerd") return;
  await until("the API answers", () =>
    fetch(`http://127.0.0.1:${ports.api}/apps`).then(
      () => true,
      () => false,
    ),
  );
}

/** What is wrong in the router's table: each app's entry has its declared dynos, whose services run if it is awake. */
async function stale(platform: TestPlatform, router: RouterClient): Promise<string[]> {
  const { docker, name } = platform;
  const found: string[] = [];
  const [table, services] = await Promise.all([
    router.list(AbortSignal.timeout(20_000)),
    docker.listServices({ filters: JSON.stringify({ label: [`dynoform.platform=${name}`, "dynoform.dyno"] }) }),
  ]);
  const replicas = new Map(services.map(({ Spec }) => [Spec?.Name, Spec?.Mode?.Replicated?.Replicas]));
  for (const app of ["hello", "dozy"]) {
    const entry = table.find((routed) => routed.app === app);
    const { dynos = {} } = await platform.engine.outputs(app);
    const routed = entry?.dynos.map((dyno) => dyno.name).sort();
    const declared = Object.values(dynos as Record<string, string>).sort();
    if (String(routed) !== String(declared)) found.push(`${app} is routed to ${routed}, and has ${declared}`);
    const wanted = entry?.mode === "asleep" ? 0 : 1;
    for (const service of declared) {
      const have = replicas.get(service);
      // One that is falling asleep has a moment for it.
      if (have !== wanted && !(app === "dozy" && have !== undefined)) {
        found.push(`${app} is ${entry?.mode}, and ${service} has ${have} replicas`);
      }
    }
  }
  return found;
}

function ms(milliseconds: number): string {
  return `${milliseconds.toFixed(0)} ms`;
}
