import { setTimeout as sleep } from "node:timers/promises";
import { findTarget } from "../../cli/api-client.ts";
import { testPlatform } from "../../test/support/platform.ts";
import { ask, plainService } from "../plain/service.ts";
import { type Bench, median, type Row, seconds } from "../row.ts";

const ROUNDS = 3;

/** From a request of the API to two dynos that serve what it asked for, beside `docker service update`. */
export const bench: Bench = async (say, { rounds = ROUNDS }) => {
  await using platform = await testPlatform();
  const config = { DATABASE_URL: "sqlite:////tmp/hello.db", GREETING: "Round 0" };
  await platform.app("hello", { source: { path: "examples/flask-hello" } }, config);
  say("first up");
  await platform.up();
  await using plain = await plainService(platform, "hello");
  const { api } = await findTarget(platform.directory, "hello");
  const scale = (quantity: number) =>
    api.ask("PATCH", "/apps/hello/formation", { updates: [{ type: "web", quantity }] });

  /** Two dynos have answered with that greeting, and none with another since the first of them. */
  const ourTwo = async (greeting: string) => {
    for (const seen = new Set<string>(); seen.size < 2; ) {
      const { body } = await platform.fetch("hello");
      const [, dyno] = new RegExp(`<title>${greeting} from (web\\.\\d)`).exec(body) ?? [];
      if (dyno === undefined) {
        seen.clear();
        await sleep(20);
      } else seen.add(dyno);
    }
  };
  const theirTwo = async (greeting: string) => {
    for (let serving = 0; serving !== 2; await sleep(20)) {
      const answers = await Promise.all((await plain.addresses()).map((host) => ask(host, "/")));
      serving = answers.filter(({ body }) => body.includes(`<title>${greeting} from`)).length;
    }
  };

  const scaled: Pair[] = [];
  const configured: Pair[] = [];
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    const before = `Round ${round - 1}`;
    const after = `Round ${round}`;
    scaled.push(
      await pair(
        round,
        () => Promise.all([scale(2), ourTwo(before)]),
        () => Promise.all([plain.update({ replicas: 2 }), theirTwo(before)]),
      ),
    );
    configured.push(
      await pair(
        round,
        () => Promise.all([api.ask("PATCH", "/apps/hello/config-vars", { GREETING: after }), ourTwo(after)]),
        () => Promise.all([plain.update({ env: { ...plain.form.env, GREETING: after } }), theirTwo(after)]),
      ),
    );
    await plain.updated();
    await scale(1);
    await plain.update({ replicas: 1 });
    while ((await plain.containers()).length > 1) await sleep(100);
  }
  const row = (name: string, pairs: readonly Pair[]): Row => ({
    name: `${name} (median of ${rounds})`,
    ours: median(pairs.map(({ ours }) => ours)),
    beside: "docker service update, until both answer",
    theirs: median(pairs.map(({ theirs }) => theirs)),
    unit: "s",
  });
  return [
    row("API: scale web=2, until it is answered and both serve", scaled),
    row("API: config change of two dynos, until it is answered and both serve", configured),
  ];
};

interface Pair {
  readonly ours: number;
  readonly theirs: number;
}

/** Both, in turn first. */
async function pair(round: number, ours: () => Promise<unknown>, theirs: () => Promise<unknown>): Promise<Pair> {
  if (round % 2 === 1) return { ours: await seconds(ours), theirs: await seconds(theirs) };
  const first = await seconds(theirs);
  return { ours: await seconds(ours), theirs: first };
}
