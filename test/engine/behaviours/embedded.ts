import type { TestStack } from "../deploy/harness.ts";
import { type Engine, pressing, type Stage } from "./scenario.ts";

/** The embedded engine with a test's stack. */
export function embedded(stack: TestStack): Engine {
  const config: Record<string, string> = {};
  return {
    world: stack.world,
    run: async ({ kind, program, runProgram, cancelAt, ...stage }: Stage & { readonly program: string }) => {
      const { steps: _, errors: __, defaults: ___, calls, things, meanwhile, config: more, ...flags } = stage;
      const runs = kind === "up" || kind === "preview" || runProgram;
      const cancel = new AbortController();
      using _pressing = pressing(stack.world, cancelAt, () => cancel.abort());
      const options = {
        ...flags,
        config: Object.assign(config, more),
        kind: kind === "refresh" || kind === "destroy" ? kind : "update",
        dryRun: kind === "preview",
        runProgram: runProgram ?? false,
        signal: cancel.signal,
      } as const;
      const { result, steps, errors, changes } = await (runs ? stack.up(program, options) : stack.run(options));
      return { steps, errors, succeeded: result === "succeeded", changes };
    },
  };
}
