import { join } from "node:path";
import { imagesFor, runInside } from "../../../test/support/inside-docker.ts";
import { ownDocker } from "../../../test/support/own-docker.ts";
import type { Bench, Row } from "../../row.ts";
import { sleepyPlatform, wakeRounds } from "./rounds.ts";

const ROUNDS = 100;

/** Waking, beside Docker's own start of the same image. */
export const bench: Bench = async (say, { rounds = ROUNDS }) => {
  say("first up");
  await using platform = await sleepyPlatform();
  return await wakeRounds(platform, "wake", rounds, say);
};

/** The same on an engine whose resolver answers nothing (inside.ts). */
export const withoutResolver: Bench = async (_say, { rounds = ROUNDS }) => {
  await using engine = await ownDocker();
  await engine.load(await imagesFor(/^hello$/));
  let rows: readonly Row[] | undefined;
  await runInside(engine, join(import.meta.dirname, "inside.ts"), [String(rounds)], (message) => {
    ({ rows } = message as { rows: readonly Row[] });
  });
  if (rows === undefined) throw new Error("it did not come to its end; what it printed stands above");
  return rows;
};
