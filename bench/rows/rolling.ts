import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { appApi } from "../../test/support/app-api.ts";
import { containers } from "../../test/support/dyno-manager.ts";
import { type LoadResult, startLoad } from "../../test/support/load.ts";
import { type TestPlatform, testPlatform } from "../../test/support/platform.ts";
import { until } from "../../test/support/until.ts";
import { buildOn } from "../plain/build.ts";
import { plainRouter } from "../plain/router.ts";
import { plainService } from "../plain/service.ts";
import { type Bench, quantile, type Row } from "../row.ts";

const ROUNDS = 3;
/** Requests a second: those answered at once, and those that take 5 s. */
const FAST = 47.5;
const SLOW = 2.5;

/**
 * A deploy, a config change, a scaling up and down and a restart a round, at 50 requests a second of which 5 % take
 * 5 s, beside Swarm's own rolling updates of the same image under the same load.
 */
export const bench: Bench = async (say, { rounds = ROUNDS }) => {
  await using platform = await testPlatform();
  const ours = await rollingApp(platform);
  say("first up");
  await platform.up();
  const theirs = await rollingService(platform);
  await using _gone = theirs;

  const results = new Map(ACTS.map((act) => [act, { ours: [] as Loads[], theirs: [] as Loads[] }]));
  for (let round = 1; round <= rounds; round++) {
    for (const [act, both] of results) {
      say(`${act}, round ${round} of ${rounds}`);
      const turns = [
        async () => both.ours.push(await underLoad(platform.ports.web, () => ours[act](round))),
        async () => both.theirs.push(await underLoad(theirs.port, () => theirs[act](round))),
      ];
      for (const turn of round % 2 === 1 ? turns : turns.toReversed()) await turn();
      const lost = lostOf(both.ours.slice(-1));
      for (const { at, path, what } of lost.slice(0, 5)) say(`ours, after ${at} ms: ${path}: ${what}`);
    }
  }
  return [...results].flatMap(([act, both]) => rowsOf(`${rounds} × ${act}`, both, act));
};

/** What is done in a round; each leaves as many dynos as it found. */
export const ACTS = ["deploy", "config", "scale", "restart"] as const;
/** Milliseconds: restarted with a 5 s request in flight, nobody else waits. */
const RESTART_P99 = 200;
export type Act = (typeof ACTS)[number];
export type Acts = Readonly<Record<Act, (round: number) => Promise<unknown>>>;

/** Declares the documents' app with 20 threads. Gives what is done to it, as its users do it. */
export async function rollingApp(platform: TestPlatform): Promise<Acts> {
  const path = await platform.copyExample("flask-hello");
  const pages = join(platform.directory, path, "hello", "pages.py");
  const original = (await readFile(pages, "utf8")).replaceAll("time.sleep(2)", "time.sleep(5)");
  const deploy = (round: number) => writeFile(pages, changedPages(original, round));
  await deploy(0);
  await platform.app(
    "hello",
    { source: { path }, formation: { web: { quantity: 1 } } },
    { UWSGI_THREADS: "20", DATABASE_URL: "sqlite:////tmp/hello.db" },
  );
  // The platform is not up yet.
  const hello = () => appApi(platform, "hello");
  return {
    async deploy(round) {
      await deploy(round);
      await platform.up("hello");
    },
    config: async (round) => (await hello()).set({ GREETING: `Round ${round}` }),
    async scale() {
      await (await hello()).scale({ web: 2 });
      await (await hello()).scale({ web: 1 });
    },
    async restart() {
      const before = await containers(platform, "hello", "running");
      await (await hello()).restart();
      // The API answers at once; it is over when the old one has answered what it had.
      await until("it is restarted", async () => {
        const now = await containers(platform, "hello", "running");
        return now.size === before.size && now.keys().every((id) => !before.has(id));
      });
    },
  };
}

/** The same app and the same acts, as a Swarm service by hand behind an nginx by hand. */
async function rollingService(platform: TestPlatform) {
  await using stack = new AsyncDisposableStack();
  const service = stack.use(await plainService(platform, "hello"));
  const router = stack.use(await plainRouter(platform, service.name));
  const base = service.form.image;
  const pages = await readFile(join(platform.directory, "apps/flask-hello/hello/pages.py"), "utf8");
  const update = async (change: Parameters<typeof service.update>[0]) => {
    await service.update(change);
    // Swarm says so a moment after it has taken the change.
    await sleep(500);
    await service.updated();
  };
  const scaled = async (replicas: number) => {
    await service.update({ replicas });
    while ((await service.containers()).length !== replicas) await sleep(100);
  };
  const kept = stack.move();
  return {
    port: router.port,
    async deploy(round: number) {
      const image = await buildOn(platform, base, { "hello/pages.py": `${pages}\n# plain ${round}\n` });
      await update({ image });
    },
    config: (round: number) => update({ env: { ...service.form.env, GREETING: `Round ${round}` } }),
    async scale() {
      await scaled(2);
      await scaled(1);
    },
    restart: () => update({ force: service.form.force + 1 }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  } satisfies Acts & AsyncDisposable & { port: number };
}

function changedPages(original: string, round: number): string {
  return `${original}\n# Round ${round}\n`;
}

interface Loads {
  readonly fast: LoadResult;
  readonly slow: LoadResult;
}

/** Does something under load, with some of it before and after. */
export async function underLoad(port: number, act: () => Promise<unknown>): Promise<Loads> {
  const load = (rate: number, path: string) =>
    startLoad({
      host: "hello.localhost",
      port,
      rate,
      path: () => path,
      isFromApp: ({ status, body }) => status === 200 && body.includes('"dyno"'),
      most: 600,
    });
  await using fast = load(FAST, "/whoami");
  await using slow = load(SLOW, "/slow");
  await sleep(1000);
  await act();
  await sleep(1000);
  const [fastResult, slowResult] = await Promise.all([fast.stop(), slow.stop()]);
  return { fast: fastResult, slow: slowResult };
}

export function lostOf(loads: readonly Loads[]): LoadResult["lost"][number][] {
  return loads.flatMap(({ fast, slow }) => [...fast.lost, ...slow.lost]);
}

function rowsOf(name: string, { ours, theirs }: { ours: Loads[]; theirs: Loads[] }, act: Act): Row[] {
  const sent = (loads: Loads[]) => loads.reduce((sum, { fast, slow }) => sum + fast.sent + slow.sent, 0);
  const beside = "Swarm's start-first update behind a static nginx";
  const row = (what: string, kind: keyof Loads, share: number): Row => {
    const time = (loads: Loads[]) =>
      quantile(
        loads.flatMap((load) => load[kind].times),
        share,
      );
    return { name: `${name}: ${what}`, ours: time(ours), beside, theirs: time(theirs), unit: "ms" };
  };
  return [
    {
      name: `${name}: not answered by the app, of ${sent(ours)} and ${sent(theirs)}`,
      ours: lostOf(ours).length,
      beside,
      theirs: lostOf(theirs).length,
      unit: "lost",
      limit: { ours: 0 },
    },
    row("p50", "fast", 0.5),
    { ...row("p99", "fast", 0.99), ...(act === "restart" && { limit: { ours: RESTART_P99 } }) },
    row("slowest", "fast", 1),
    row("p99 of those that take 5 s", "slow", 0.99),
  ];
}
