import type { TestStack } from "../deploy/harness.ts";
import type { Engine, Stage } from "./scenario.ts";

/** The embedded engine with a test's stack. */
export function embedded(stack: TestStack): Engine {
  return {
    world: stack.world,
    run: async ({ kind, program, runProgram, ...stage }: Stage & { readonly program: string }) => {
      const { steps: _, errors: __, calls, things, meanwhile, ...flags } = stage;
      const runs = kind === "up" || kind === "preview" || runProgram;
      const options = {
        ...flags,
        kind: kind === "refresh" || kind === "destroy" ? kind : "update",
        dryRun: kind === "preview",
        runProgram: runProgram ?? false,
      } as const;
      const { result, steps, errors, changes } = await (runs ? stack.up(program, options) : stack.run(options));
      return { steps, errors, succeeded: result === "succeeded", changes };
    },
  };
}
