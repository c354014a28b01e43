import { messageOf } from "../../lib/errors.ts";
import { randomStacks } from "../../test/engine/deploy/random/random.ts";
import { killedUpdates } from "./engine/killed.ts";

/** Random stacks for each round. */
const STACKS = 100;

/**
 * Random stacks on the engine in this process, a hundred a round; then as many processes of it that are killed, one a
 * round, on one stack.
 *
 * @param seed of the stacks, and of what is killed when
 * @returns what was not as it has to be
 */
export async function engine(rounds: number, say: (line: string) => void, seed: number): Promise<string[]> {
  say(`seed ${seed}`);
  const violations: string[] = [];
  const begun = performance.now();
  await randomStacks({ seed, runs: rounds * STACKS }).catch((error: unknown) => {
    const cause = error instanceof Error && error.cause !== undefined ? `\n${messageOf(error.cause)}` : "";
    violations.push(messageOf(error) + cause);
  });
  say(`${rounds * STACKS} random stacks in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  violations.push(...(await killedUpdates(rounds, say, seed)));
  return violations;
}
