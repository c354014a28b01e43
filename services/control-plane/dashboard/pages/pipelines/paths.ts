/** The stages in the order in which releases are promoted, as people call them. */
export const STAGES = [
  ["development", "Development"],
  ["staging", "Staging"],
  ["production", "Production"],
] as const;

export type StageId = (typeof STAGES)[number][0];

/** The stage that a release is promoted to. */
export function nextStage(stage: StageId): (typeof STAGES)[number] | undefined {
  return STAGES[STAGES.findIndex(([id]) => id === stage) + 1];
}

export function pipelinePath(pipeline: string): string {
  return `/pipelines/${encodeURIComponent(pipeline)}`;
}
