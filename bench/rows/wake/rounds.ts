import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { RouterClient } from "../../../services/router-client/client.ts";
import { type TestPlatform, testPlatform } from "../../../test/support/platform.ts";
import { until } from "../../../test/support/until.ts";
import { plainService } from "../../plain/service.ts";
import { quantile, type Row, seconds } from "../../row.ts";

/** Seconds without a request: long enough for the plain service's turn to be over. */
const SLEEP_AFTER = 4;
/** At once, to an app that sleeps. */
const CROWD = 100;
const PATH = "/whoami";

/** A platform with the app that is woken. */
export async function sleepyPlatform(): Promise<TestPlatform> {
  await using stack = new AsyncDisposableStack();
  const platform = stack.use(await testPlatform({ sleep: { after: SLEEP_AFTER } }));
  await platform.app(
    "hello",
    { source: { path: "examples/flask-hello" } },
    { DATABASE_URL: "sqlite:////tmp/hello.db" },
  );
  await platform.up();
  stack.move();
  return platform;
}

/**
 * From the first byte of a request to a sleeping app to the end of its answer, beside Docker's own start of the same
 * image, from a call of its API to the first 200 of a container that is asked directly.
 */
export async function wakeRounds(
  platform: TestPlatform,
  name: string,
  rounds: number,
  say: (line: string) => void,
): Promise<Row[]> {
  await using plain = await plainService(platform, "hello");
  const asleep = sleeper(platform, "hello");
  const stopPlain = async () => {
    await plain.update({ replicas: 0 });
    await until("the plain service has stopped", async () => (await plain.containers()).length === 0);
  };

  const ours: number[] = [];
  const theirs: number[] = [];
  const errors: string[] = [];
  const turns = [
    async () => {
      const answers: { status: number }[] = [];
      const taken = await seconds(async () => answers.push(await platform.fetch("hello", PATH)));
      if (answers[0]?.status === 200) ours.push(taken);
      else errors.push(`HTTP ${answers[0]?.status}`);
    },
    async () => {
      const answered = plain.firstAnswer(PATH);
      // The stream of events is open before the time counts.
      await sleep(50);
      theirs.push(await seconds(() => Promise.all([plain.update({ replicas: 1 }), answered])));
    },
  ];
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    await Promise.all([asleep(), stopPlain()]);
    for (const turn of round % 2 === 1 ? turns : turns.toReversed()) await turn();
    say(`${milliseconds(ours.at(-1))} beside ${milliseconds(theirs.at(-1))}`);
  }

  say(`${CROWD} at once`);
  await asleep();
  const before = Date.now();
  const crowd = await Promise.all(Array.from({ length: CROWD }, () => platform.fetch("hello", PATH)));
  errors.push(...crowd.filter(({ status }) => status !== 200).map(({ status }) => `of ${CROWD}: HTTP ${status}`));
  const started = await startsSince(platform, "hello", before);
  if (started !== 1) errors.push(`${CROWD} requests started the dyno ${started} times`);
  for (const error of errors) say(error);

  const row = (what: string, share: number, ratio: number) => ({
    name: `${name}, ${rounds} rounds: ${what}`,
    ours: quantile(ours, share) * 1000,
    beside: "scale 0 to 1 by Docker's API, asked directly",
    theirs: quantile(theirs, share) * 1000,
    unit: "ms" as const,
    limit: { ratio },
  });
  return [
    row("p50", 0.5, 1.1),
    row("p95", 0.95, 1.4),
    {
      name: `${name}: errors, ${CROWD} requests at once included`,
      ours: errors.length,
      beside: "",
      theirs: 0,
      unit: "lost",
      limit: { ours: 0 },
    },
  ];
}

function milliseconds(seconds = Number.NaN): string {
  return `${(seconds * 1000).toFixed(0)} ms`;
}

/** Waits until an app has fallen asleep and none of its containers is left. */
function sleeper(platform: TestPlatform, app: string): () => Promise<void> {
  const client = platform.engine.outputs("platform").then(({ socket }) => new RouterClient(String(socket)));
  return async () => {
    const router = await client;
    await until(`${app} is asleep`, async () => {
      return (await router.get(app, AbortSignal.timeout(5000)))?.mode === "asleep";
    });
    // The plain service's containers have the image's labels: those of its app, but of no dyno.
    const filters = { label: [`dynoform.platform=${platform.name}`, `dynoform.app=${app}`, "dynoform.dyno"] };
    await until(`${app}'s dynos have ended`, async () => {
      return (await platform.docker.listContainers({ filters })).length === 0;
    });
    // What Docker has to do after a container's end.
    await sleep(500);
  };
}

/** How often a container of an app's was started since then, in milliseconds since 1970. */
async function startsSince({ docker, name }: TestPlatform, app: string, since: number): Promise<number> {
  const label = [`dynoform.platform=${name}`, `dynoform.app=${app}`, "dynoform.dyno"];
  const filters = JSON.stringify({ type: ["container"], event: ["start"], label });
  const events = await docker.getEvents({ since: since / 1000, until: Date.now() / 1000, filters });
  return (await text(events)).split("\n").filter(Boolean).length;
}
