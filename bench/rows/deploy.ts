import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { testPlatform } from "../../test/support/platform.ts";
import { buildOn } from "../plain/build.ts";
import { ask, type PlainService, plainService } from "../plain/service.ts";
import { type Bench, median, type Row, seconds } from "../row.ts";

const ROUNDS = 3;

/** One changed line, and one dyno more, beside what Docker needs for the same. */
export const bench: Bench = async (say, { rounds = ROUNDS }) => {
  await using platform = await testPlatform();
  const path = await platform.copyExample("flask-hello");
  const settings = { source: { path }, addons: { DATABASE: { service: "postgresql" } } };
  await platform.app("hello", settings);
  say("first up");
  await platform.up();
  await using plain = await plainService(platform, "hello");
  const base = plain.form.image;
  const deployPlain = async () => {
    const pages = await readFile(join(platform.directory, path, "hello", "pages.py"), "utf8");
    await plain.update({ image: await buildOn(platform, base, { "hello/pages.py": pages }) });
  };

  const taken: { ours: number; theirs: number }[] = [];
  for (let round = 1; round <= rounds; round++) {
    say(`code change, round ${round} of ${rounds}`);
    const marker = `round-${round}`;
    await change(join(platform.directory, path, "hello", "pages.py"), marker);
    taken.push({
      ours: await untilFirst(platform.engine.up("hello"), async () => {
        return (await platform.fetch("hello", `/${marker}`)).status === 200;
      }),
      theirs: await untilFirst(deployPlain(), async () => (await serving(plain, marker)) > 0),
    });
  }

  say("one dyno more");
  await platform.app("hello", { ...settings, formation: { web: { quantity: 2 } } });
  const scale: Row = {
    name: "scale 1 to 2, until the route has both",
    ours: await seconds(() => platform.engine.up("hello")),
    beside: "docker service scale, until both answer",
    theirs: await seconds(async () => {
      await plain.update({ replicas: 2 });
      while ((await serving(plain, `round-${rounds}`)) < 2) await sleep(20);
    }),
    unit: "s",
  };
  return [
    {
      name: `code change, until the first new answer (median of ${rounds})`,
      ours: median(taken.map(({ ours }) => ours)),
      beside: "docker build and docker service update",
      theirs: median(taken.map(({ theirs }) => theirs)),
      unit: "s",
    },
    scale,
  ];
};

/** Adds a page of the marker's name to the app. */
async function change(file: string, marker: string): Promise<void> {
  const text = await readFile(file, "utf8");
  await writeFile(file, `${text}\n\npages.add_url_rule("/${marker}", "${marker}", lambda: "${marker}")\n`);
}

/** Seconds until `arrived`, asked over and over while `work` goes on; `work` is awaited, but not counted. */
async function untilFirst(work: Promise<unknown>, arrived: () => Promise<boolean>): Promise<number> {
  let failure: unknown;
  const done = work.catch((error: unknown) => {
    failure = error;
  });
  const taken = await seconds(async () => {
    while (!(await arrived().catch(() => false))) {
      if (failure !== undefined) throw failure;
      await sleep(20);
    }
  });
  await done;
  return taken;
}

/** How many containers of the plain service have the page of that name. */
async function serving(plain: PlainService, marker: string): Promise<number> {
  const answers = await Promise.all((await plain.addresses()).map((host) => ask(host, `/${marker}`)));
  return answers.filter(({ status }) => status === 200).length;
}
