import type { Planned } from "../../../../services/stacks/plan/planned.ts";

/** Steps of a preview as Pulumi's event log has them, and what is read from them. */
function event(metadata: object): string {
  return JSON.stringify({ resOutputsEvent: { metadata: { detailedDiff: null, ...metadata } } });
}

export function previewLog(steps: readonly object[]): string {
  return [
    ...steps.map(event),
    JSON.stringify({ summaryEvent: { resourceChanges: { same: 3 }, isPreview: true } }),
  ].join("\n");
}

export function urn(stack: string, type: string, name: string): string {
  return `urn:pulumi:${stack}::dynoform::${type}::${name}`;
}

export function planned(act: Planned["act"], type: string, name: string, more: Partial<Planned> = {}): Planned {
  return { act, type, name, urn: urn("shop", type, name), differences: [], ...more };
}
