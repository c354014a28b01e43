import { join } from "node:path";
import { imagesFor, runInside } from "../../../test/support/inside-docker.ts";
import { ownDocker } from "../../../test/support/own-docker.ts";

/**
 * Does something at random to an app that naps, in each round, on an engine of its own in a network namespace (inside.ts).
 *
 * @param seed of what is done
 * @returns what was not as it has to be
 */
export async function naps(rounds: number, say: (line: string) => void, seed: number): Promise<string[]> {
  say(`seed ${seed}`);
  await using engine = await ownDocker();
  await engine.load(await imagesFor(/^dozy$/));
  let violations: readonly string[] = ["it did not come to its end"];
  await runInside(engine, join(import.meta.dirname, "inside.ts"), [String(rounds), String(seed)], (message) => {
    violations = (message as { violations: readonly string[] }).violations;
  });
  return [...violations];
}
