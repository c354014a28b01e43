/**
 * What the real engine's own lifecycle tests hold fast, as programs and the steps that they take. Each scenario runs on
 * the embedded engine, and by `npm run test:real` on the real CLI as well: both must take exactly these steps.
 */
import assert from "node:assert/strict";
import type { World } from "../deploy/fake-provider.ts";

/** Flags of a deployment, by the names that `deploy` has for them. */
export interface Flags {
  readonly targets?: readonly string[];
  readonly targetDependents?: boolean;
  readonly excludes?: readonly string[];
  readonly excludeDependents?: boolean;
  readonly replace?: readonly string[];
  readonly continueOnError?: boolean;
  readonly refresh?: boolean;
  readonly runProgram?: boolean;
  readonly excludeProtected?: boolean;
}

/** One command, and what must come of it. */
export interface Stage extends Flags {
  readonly kind: "up" | "preview" | "refresh" | "destroy";
  /** The program's text; that of the stage before by default. */
  readonly program?: string;
  /** `OPERATION NAME` of each finished step, in any order, but for default providers and a root stack that is not deleted. */
  readonly steps: readonly string[];
  /** What fails it, each in the text of an error; by default it succeeds without any. */
  readonly errors?: readonly RegExp[];
  /** What providers did, in order. */
  readonly calls?: readonly string[];
  /** The names of what is there afterwards. */
  readonly things?: readonly string[];
  /** What happens outside before. */
  readonly meanwhile?: (world: World) => void;
}

export type Scenarios = Readonly<Record<string, readonly Stage[]>>;

/** What an engine did. */
export interface Played {
  readonly steps: readonly string[];
  readonly errors: readonly string[];
  readonly succeeded: boolean;
  /** Counts by operation. */
  readonly changes: Readonly<Record<string, number>>;
}

/** An engine with a stack of its own. */
export interface Engine {
  readonly world: World;
  run(stage: Stage & { readonly program: string }): Promise<Played>;
}

type Expected = readonly string[] | Omit<Stage, "kind" | "program">;

export function up(program: string, expected: Expected): Stage {
  return { kind: "up", program, ...whole(expected) };
}

export function preview(program: string, expected: Expected): Stage {
  return { kind: "preview", program, ...whole(expected) };
}

export function refresh(expected: Expected): Stage {
  return { kind: "refresh", ...whole(expected) };
}

export function destroy(expected: Expected): Stage {
  return { kind: "destroy", ...whole(expected) };
}

function whole(expected: Expected): Omit<Stage, "kind" | "program"> {
  return "steps" in expected ? expected : { steps: expected };
}

/** Plays a scenario and checks each stage. @returns the counts of each */
export async function play(stages: readonly Stage[], engine: Engine): Promise<Played["changes"][]> {
  const { world } = engine;
  const changes: Played["changes"][] = [];
  let program = "";
  for (const [index, stage] of stages.entries()) {
    program = stage.program ?? program;
    stage.meanwhile?.(world);
    world.log.length = 0;
    const played = await engine.run({ ...stage, program });
    const where = `stage ${index + 1} (${stage.kind})`;
    const { errors } = played;
    for (const pattern of stage.errors ?? []) {
      assert.ok(
        errors.some((message) => pattern.test(message)),
        `${where}: no ${pattern} in ${JSON.stringify(errors)}`,
      );
    }
    assert.equal(played.succeeded, stage.errors === undefined, `${where}: ${JSON.stringify(errors)}`);
    if (stage.errors === undefined) assert.deepEqual(errors, [], where);
    assert.deepEqual(told(played.steps), [...stage.steps].sort(), where);
    if (stage.calls) assert.deepEqual(world.log, stage.calls, where);
    if (stage.things) assert.deepEqual(world.names(), stage.things, where);
    changes.push(played.changes);
  }
  return changes;
}

/** Of the root stack the real CLI tells some steps twice, and some only if there is time. */
function told(steps: readonly string[]): string[] {
  const untold = / default(?:_.*)?$|^(?!delete ).* project-test$/;
  return steps.filter((step) => !untold.test(step)).sort();
}
