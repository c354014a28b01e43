import type { Engine, Outcome } from "../stacks/engine.ts";
import { guardedUp } from "../stacks/plan/guard.ts";
import type { RunRequest } from "./run.ts";

/**
 * Does what a run was started for; may be done again after it was interrupted. What an `up` needs not, it does not wait
 * for.
 */
export async function perform(engine: Engine, request: RunRequest): Promise<Outcome> {
  if (request.withoutForge !== true) return act(engine, request);
  return (await import("./without-forge.ts")).withoutForge(engine, request, () => act(engine, request));
}

async function act(engine: Engine, request: RunRequest): Promise<Outcome> {
  const { verb, stack, args, settings } = request;
  const file = settings === undefined ? [] : ["--config-file", settings];
  switch (verb) {
    case "up":
      return guardedUp(engine, request.project, stack, args);
    case "create":
      return (await import("./create.ts")).create(engine, request);
    case "destroy":
      return (await import("./destroy.ts")).destroy(engine, request);
    case "preview-up":
      return engine.preview(stack, [...args, ...file]);
    case "preview-create":
      return (await import("../stacks/preview-new.ts")).previewNew(engine, { ...request, settings: settings ?? "" });
    case "preview-destroy":
      return engine.previewDestroy(stack, args);
  }
}
