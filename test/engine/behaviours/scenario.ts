/**
 * What the real engine's own lifecycle tests hold fast, as programs and the steps that they take. Each scenario runs on
 * the embedded engine, and by `npm run test:real` on the real CLI as well: both must take exactly these steps.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { World } from "../deploy/fake-provider.ts";

/** Flags of a deployment, by the names that `deploy` has for them. */
interface Flags {
  readonly targets?: readonly string[];
  readonly targetDependents?: boolean;
  readonly excludes?: readonly string[];
  readonly excludeDependents?: boolean;
  readonly replace?: readonly string[];
  readonly continueOnError?: boolean;
  readonly refresh?: boolean;
  readonly runProgram?: boolean;
  readonly excludeProtected?: boolean;
  /** How many steps run at once. */
  readonly parallel?: number;
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
  /** The same of default providers; left out: whatever they are. */
  readonly defaults?: readonly string[];
  /** `OPERATION NAME` of a provider's call: Ctrl-C is pressed while it runs. */
  readonly cancelAt?: string;
  /** Written to the stack's configuration before, by full keys. */
  readonly config?: Readonly<Record<string, string>>;
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

/** Has Ctrl-C pressed while that call of a provider runs, which goes on when it is told. */
export function pressing(world: World, at: string | undefined, press: () => void): Disposable {
  const before = world.interrupt;
  if (at !== undefined) {
    world.interrupt = async (moment, operation, name, signal) => {
      if (moment !== "before" || `${operation} ${name}` !== at) return;
      const told = signal.aborted ? undefined : once(signal, "abort");
      press();
      await told;
    };
  }
  return {
    [Symbol.dispose]: () => {
      world.interrupt = before;
    },
  };
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
    if (stage.defaults)
      assert.deepEqual(played.steps.filter((step) => DEFAULT.test(step)).sort(), stage.defaults, where);
    if (stage.calls) assert.deepEqual(world.log, stage.calls, where);
    if (stage.things) assert.deepEqual(world.names(), stage.things, where);
    changes.push(played.changes);
  }
  return changes;
}

const DEFAULT = / default(?:_.*)?$/;

/** Of the root stack the real CLI tells some steps twice, and some only if there is time. */
function told(steps: readonly string[]): string[] {
  return steps.filter((step) => !DEFAULT.test(step) && !/^(?!delete ).* project-test$/.test(step)).sort();
}
