import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gitUser } from "../../test/support/git-user.ts";
import { linkedApp, versionedApp } from "../../test/support/github/linked-app.ts";
import { type Bench, median, seconds } from "../row.ts";
import { afterChecks, afterOutage } from "./github-truth.ts";

const ROUNDS = 5;
/** Seconds between two looks at a repository that is polled. */
const POLLED = 60;

/** From the delivery of a webhook to the first answer of the new code, beside a push of the same to an app like it. */
export const bench: Bench = async (say, { rounds = ROUNDS }) => {
  await using app = await linkedApp();
  const { github, platform, repository, declare } = app;
  const work = join(platform.directory, "work");
  await mkdir(work);
  await platform.app("pushed", {});
  await platform.up("pushed");
  const { git, commit } = await gitUser(platform, "pushed", work);
  const serves = async (name: string, wanted: string) => {
    while ((await platform.fetch(name)).body !== `code ${wanted}`) await sleep(20);
  };
  github.deliveries.mode = "lose";

  const byWebhook = async (wanted: string) => {
    await repository.commit("main", versionedApp(wanted));
    const delivery = github.deliveries.all.at(-1);
    if (delivery === undefined) throw new Error("no webhook was told");
    return seconds(async () => {
      github.deliveries.redeliver(delivery);
      await serves("shop", wanted);
    });
  };
  const byPush = async (wanted: string) => {
    for (const [name, content] of Object.entries(versionedApp(wanted))) await writeFile(join(work, name), content);
    await commit(wanted);
    const pushing = git("push", "heroku", "main");
    const serving = await seconds(() => serves("pushed", wanted));
    const { exitCode, output } = await pushing;
    if (exitCode !== 0) throw new Error(output);
    return serving;
  };

  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    say(round === 0 ? "once of each" : `round ${round} of ${rounds}`);
    const [hooked, pushed] = [await byWebhook(`hooked-${round}`), await byPush(`pushed-${round}`)];
    // The first ones make what the others find.
    if (round > 0) ours.push(hooked);
    if (round > 0) theirs.push(pushed);
  }
  say("checks");
  const checked = await afterChecks(app);
  say("outage");
  const caughtUp = await afterOutage(app);
  say("polled");
  await declare((text) => text.replace("mode: webhook", "mode: polling"));
  // The control plane looks at the files each half a minute.
  await sleep(35_000);
  await repository.commit("main", versionedApp("polled"));
  const polled = await seconds(() => serves("shop", "polled"));
  return [
    {
      name: `from a webhook's delivery to the first new answer (median of ${rounds})`,
      ours: median(ours),
      beside: "git push of the same",
      theirs: median(theirs),
      unit: "s",
      limit: { ratio: 1.15 },
    },
    {
      name: "a push to a repository that is polled, until it serves",
      ours: polled,
      beside: "a minute and the git push",
      theirs: POLLED + median(theirs),
      unit: "s",
      limit: { ratio: 1 },
    },
    checked,
    caughtUp,
  ];
};
