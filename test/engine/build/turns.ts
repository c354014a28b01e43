/** Takes turns in the queue of a folder and says when each begins and ends: `turns.ts FOLDER NAME COUNT`. */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { takeTurn } from "../../../lib/turns.ts";

const [folder = "", name = "", count = ""] = process.argv.slice(2);
const journal = join(folder, "..", "journal");
const say = (line: string) => {
  appendFileSync(journal, `${line}\n`);
  console.log(line);
};
for (let turn = 0; turn < Number(count); turn++) {
  await using _turn = await takeTurn(folder, `app ${name}`, () => {}, new AbortController().signal);
  say(`begin ${name}`);
  await sleep(name === "forever" ? 600_000 : 5);
  say(`end ${name}`);
}
