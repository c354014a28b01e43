import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findTarget } from "../../cli/api-client.ts";
import { gitUser } from "../../test/support/git-user.ts";
import { testPlatform } from "../../test/support/platform.ts";
import { ask, plainService } from "../plain/service.ts";
import { type Bench, median, type Row, seconds } from "../row.ts";

const ROUNDS = 3;

/** An app that was pushed: from a request of the API to two dynos that serve what it asked for, and to its answer, beside `docker service update`. */
export const bench: Bench = async (say, { rounds = ROUNDS }) => {
  await using platform = await testPlatform();
  const config = { DATABASE_URL: "sqlite:////tmp/hello.db", GREETING: "Round 0" };
  await platform.app("hello", {}, config);
  say("first up");
  await platform.up();
  say("first push");
  const { git, commit } = await gitUser(
    platform,
    "hello",
    join(platform.directory, await platform.copyExample("flask-hello")),
  );
  await commit("First version");
  const { exitCode, output } = await git("push", "heroku", "main");
  if (exitCode !== 0) throw new Error(output);
  await using plain = await plainService(platform, "hello");
  const { api } = await findTarget(platform.directory, "hello");
  const scale = (quantity: number) =>
    api.ask("PATCH", "/apps/hello/formation", { updates: [{ type: "web", quantity }] });

  const configure = (GREETING: string) => api.ask("PATCH", "/apps/hello/config-vars", { GREETING });

  /** Two dynos have answered with that greeting, and none with another since the first of them. */
  const ourTwo = async (greeting: string) => {
    // Asked as often as theirs: without a pause, asking takes the processors that the change needs.
    for (const seen = new Set<string>(); seen.size < 2; await sleep(20)) {
      const { body } = await platform.fetch("hello");
      const [, dyno] = new RegExp(`<title>${greeting} from (web\\.\\d)`).exec(body) ?? [];
      if (dyno === undefined) seen.clear();
      else seen.add(dyno);
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
        { ask: () => scale(2), serving: () => ourTwo(before) },
        { ask: () => plain.update({ replicas: 2 }), serving: () => theirTwo(before) },
      ),
    );
    configured.push(
      await pair(
        round,
        { ask: () => configure(after), serving: () => ourTwo(after) },
        { ask: () => plain.update({ env: { ...plain.form.env, GREETING: after } }), serving: () => theirTwo(after) },
      ),
    );
    await plain.updated();
    await scale(1);
    await plain.update({ replicas: 1 });
    while ((await plain.containers()).length > 1) await sleep(100);
  }
  /** @param limit seconds until both serve */
  const rows = (name: string, pairs: readonly Pair[], limit: number): Row[] => {
    const row = (what: string, time: (pair: Pair) => number): Row => ({
      name: `API, ${name}: ${what} (median of ${rounds})`,
      ours: median(pairs.map(time)),
      beside: "docker service update, until both serve",
      theirs: median(pairs.map(({ theirs }) => theirs.serving)),
      unit: "s",
    });
    return [
      { ...row("until both serve", ({ ours }) => ours.serving), limit: { ours: limit } },
      row("until it is answered", ({ ours }) => ours.answered),
    ];
  };
  return [...rows("scale web=2", scaled, 2.5), ...rows("config change of two dynos", configured, 3.5)];
};

/** A change, and what resolves when two dynos serve what it asked for. */
interface Change {
  readonly ask: () => Promise<unknown>;
  readonly serving: () => Promise<void>;
}

/** Seconds until both dynos serve, and until the change was answered. */
interface Taken {
  readonly serving: number;
  readonly answered: number;
}

interface Pair {
  readonly ours: Taken;
  readonly theirs: Taken;
}

async function timed({ ask, serving }: Change): Promise<Taken> {
  const [answered, served] = await Promise.all([seconds(ask), seconds(serving)]);
  return { answered, serving: served };
}

/** Both, in turn first. */
async function pair(round: number, ours: Change, theirs: Change): Promise<Pair> {
  if (round % 2 === 1) return { ours: await timed(ours), theirs: await timed(theirs) };
  const first = await timed(theirs);
  return { ours: await timed(ours), theirs: first };
}
