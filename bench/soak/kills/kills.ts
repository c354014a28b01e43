import { join } from "node:path";
import { imagesFor, runInside } from "../../../test/support/inside-docker.ts";
import { ownDocker } from "../../../test/support/own-docker.ts";

/**
 * Kills a part of a platform, or dockerd, in each round, on an engine of its own in a network namespace (inside.ts).
 *
 * @param seed of what is killed, and when
 * @returns what was not as it has to be
 */
export async function kills(rounds: number, say: (line: string) => void, seed: number): Promise<string[]> {
  say(`seed ${seed}`);
  await using engine = await ownDocker();
  await engine.load(await imagesFor(/^hello$/));
  let violations: readonly string[] = ["it did not come to its end"];
  const args = [String(rounds), String(seed)];
  await runInside(engine, join(import.meta.dirname, "inside.ts"), args, (message) => {
    violations = (message as { violations: readonly string[] }).violations;
  });
  return [...violations];
}
