import type { StackFile } from "../stack/stack-file.ts";
import { Pipeline } from "./pipeline.ts";

/** A pipeline's stack; what it returns are its outputs, which the control plane reads. */
export function pipeline(stack: string, file: StackFile & { readonly kind: "pipeline" }): Record<string, unknown> {
  const { platform: _platform, ...settings } = file.settings;
  const { reviewConfig, testConfig } = file;
  const made = new Pipeline(stack, { ...settings, reviewConfig, testConfig });
  const { name, pipelineId, stages, github } = made;
  return {
    name,
    pipelineId,
    stages,
    ...(github !== undefined && { github }),
    reviewConfig: made.reviewConfig,
    testConfig: made.testConfig,
  };
}
