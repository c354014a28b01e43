import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RouterClient } from "../../services/router-client/client.ts";
import { type TestPlatform, testPlatform } from "../../test/support/platform.ts";
import { until } from "../../test/support/until.ts";
import { type Bench, quantile, type Row, seconds } from "../row.ts";

const ROUNDS = 1000;
/** Seconds without a request until a nap. */
const AFTER = 1;
/** At once, to an app that naps. */
const CROWD = 100;
/** Requests to a warm app after each wake; the first pays for what the wake has begun. */
const WARM = 3;

/** Writes a row and reads some, so that an answer proves the way to Postgres too. */
const PATH = "/";
const APPS = { uwsgi: "Flask on uWSGI", gunicorn: "gunicorn with SQLAlchemy" } as const;
type Name = keyof typeof APPS;

/** A request to an app that naps, beside the same request to the same app when it is warm. */
export const bench: Bench = async (say, { rounds = ROUNDS }) => {
  say("first up");
  await using platform = await nappingPlatform();
  const rows: Row[] = [];
  for (const app of Object.keys(APPS) as Name[]) rows.push(...(await wakes(platform, app, rounds, say)));
  return rows;
};

async function nappingPlatform(): Promise<TestPlatform> {
  await using stack = new AsyncDisposableStack();
  const platform = stack.use(await testPlatform({ sleep: { after: AFTER }, nap: { enabled: true } }));
  for (const app of Object.keys(APPS) as Name[]) {
    const path = await platform.copyExample("flask-hello", app);
    if (app === "gunicorn") {
      await appendFile(join(platform.directory, path, "requirements.txt"), "gunicorn==23.0.0\n");
      await writeFile(join(platform.directory, path, "Procfile"), "web: gunicorn --bind :$PORT run:app\n");
    }
    await platform.app(app, { source: { path }, addons: { DATABASE: { service: "postgresql" } } });
  }
  await platform.up();
  stack.move();
  return platform;
}

async function wakes(platform: TestPlatform, app: Name, rounds: number, say: (line: string) => void): Promise<Row[]> {
  const router = new RouterClient(String((await platform.engine.outputs("platform")).socket));
  const naps = () =>
    until(`${app} naps`, async () => (await router.get(app, AbortSignal.timeout(5000)))?.mode === "napping");
  // The table says so before the processes are frozen.
  const settled = () => sleep(100);
  const errors: string[] = [];
  const ask = async (what: string) => {
    let status = 0;
    const taken = await seconds(async () => {
      status = (await platform.fetch(app, PATH).catch(() => ({ status: 0 }))).status;
    });
    if (status !== 200) errors.push(`${what}: HTTP ${status}`);
    return taken;
  };
  const woken: number[] = [];
  const warm: number[] = [];
  await ask("first");
  for (let round = 1; round <= rounds; round++) {
    if (round === 1 || round % 20 === 0) say(`${APPS[app]}, round ${round} of ${rounds}`);
    await naps();
    await settled();
    woken.push(await ask(`round ${round}`));
    for (let i = 0; i <= WARM; i++) {
      const taken = await ask(`warm, round ${round}`);
      if (i > 0) warm.push(taken);
    }
  }
  await naps();
  await settled();
  say(`${CROWD} at once`);
  await Promise.all(Array.from({ length: CROWD }, () => ask(`of ${CROWD}`)));
  for (const error of errors.slice(0, 20)) say(error);

  const row = (what: string, share: number, more: number): Row => ({
    name: `a nap of ${APPS[app]}, ${rounds} times: ${what}`,
    ours: quantile(woken, share) * 1000,
    beside: "the same request to the same app, awake",
    theirs: quantile(warm, share) * 1000,
    unit: "ms",
    limit: { more },
  });
  return [
    row("p50", 0.5, 10),
    row("p95", 0.95, 50),
    {
      name: `naps of ${APPS[app]}: errors, ${CROWD} requests at once included`,
      ours: errors.length,
      beside: "",
      theirs: 0,
      unit: "lost",
      limit: { ours: 0 },
    },
  ];
}
