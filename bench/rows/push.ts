import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gitUser } from "../../test/support/git-user.ts";
import { testPlatform } from "../../test/support/platform.ts";
import { buildOn } from "../plain/build.ts";
import { plainService } from "../plain/service.ts";
import { type Bench, median, seconds } from "../row.ts";

const ROUNDS = 5;

/** A push of one changed line until it serves, beside a plain `docker build` of the same on the image of the app. */
export const bench: Bench = async (say, { rounds = ROUNDS }) => {
  await using platform = await testPlatform();
  const path = await platform.copyExample("flask-hello");
  const folder = join(platform.directory, path);
  const pages = join(folder, "hello", "pages.py");
  const original = await readFile(pages, "utf8");
  await platform.app("hello", {}, { DATABASE_URL: "sqlite:////tmp/hello.db" });
  say("first up");
  await platform.up();
  const { git, commit } = await gitUser(platform, "hello", folder);
  const push = async (marker: string) => {
    await writeFile(pages, `${original}\n\n@pages.route("/${marker}")\ndef marker():\n    return "${marker}"\n`);
    await commit(marker);
    let failure: Error | undefined;
    const pushing = git("push", "heroku", "main").then(({ exitCode, output }) => {
      if (exitCode !== 0) failure = new Error(output);
    });
    const serving = await seconds(async () => {
      while (failure === undefined && (await platform.fetch("hello", `/${marker}`)).status !== 200) await sleep(20);
    });
    await pushing;
    if (failure !== undefined) throw failure;
    return serving;
  };

  say("first push");
  await push("first");
  await using plain = await plainService(platform, "hello");
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    ours.push(await push(`round-${round}`));
    const changed = await readFile(pages, "utf8");
    theirs.push(await seconds(() => buildOn(platform, plain.form.image, { "hello/pages.py": changed })));
  }
  return [
    {
      name: `git push of one changed line, until it serves (median of ${rounds})`,
      ours: median(ours),
      beside: "docker build of the same line alone",
      theirs: median(theirs),
      unit: "s",
      limit: { ours: 6 },
    },
  ];
};
