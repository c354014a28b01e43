import { parsePath } from "../../../engine/src/values/paths.ts";
import { isRecord } from "../../../lib/validation/readers.ts";
import { type Holder, lossOf } from "./losses.ts";
import { shown } from "./shown.ts";

/** What an `up` does to a resource; `replace`: it is made anew, and what was there goes. */
export type Act = "create" | "update" | "replace" | "delete";

/** A property that differs. Secrets are masked, long values are cut. */
export interface Difference {
  /** As Pulumi writes it: `taskSpec.containerSpec.image`. */
  readonly path: string;
  /** Absent: it was not there. */
  readonly was?: string;
  /** Absent: it will not be there. */
  readonly is?: string;
  /** Whether the resource has to be made anew for it. */
  readonly replaces?: true;
}

/** A resource that an `up` would change. */
export interface Planned {
  readonly act: Act;
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  /** What the provider calls it, as Docker's id of a service. Absent: there is none yet. */
  readonly id?: string;
  readonly differences: readonly Difference[];
  /** What users have stored in it would be lost. */
  readonly loses?: Holder;
}

interface State {
  readonly id?: string;
  readonly custom?: boolean;
  readonly retainOnDelete?: boolean;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** A step as Pulumi's event log has it (`apitype.StepEventMetadata`). */
export interface StepMetadata {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly old?: State | null;
  readonly new?: State | null;
  readonly keys?: readonly string[] | null;
  readonly diffs?: readonly string[] | null;
  readonly detailedDiff?: Readonly<Record<string, { readonly kind: string; readonly inputDiff?: boolean }>> | null;
}

const ACTS: Readonly<Record<string, Act>> = {
  create: "create",
  import: "create",
  update: "update",
  replace: "replace",
  "create-replacement": "replace",
  "import-replacement": "replace",
  "delete-replaced": "replace",
  delete: "delete",
};

/**
 * What the steps of a preview come to, one entry a resource. Components do nothing by themselves and are left out, and so
 * are providers, which are Pulumi's own matter.
 */
export function plannedOf(steps: Iterable<StepMetadata>): Planned[] {
  const planned = new Map<string, Planned>();
  for (const step of steps) {
    const act = ACTS[step.op];
    const custom = step.old?.custom === true || step.new?.custom === true;
    if (act === undefined || !custom || step.type.startsWith("pulumi:")) continue;
    const known = planned.get(step.urn);
    // Of a replacement, the step that makes the new one tells why.
    if (known !== undefined && (known.differences.length > 0 || act !== "replace")) continue;
    const loses = act === "create" || act === "update" ? undefined : lossOf(step);
    const { urn, type, old } = step;
    const differences = act === "create" || act === "delete" ? [] : differencesOf(step);
    planned.set(urn, {
      act,
      type,
      name: nameOf(urn),
      urn,
      ...(old?.id && { id: old.id }),
      differences,
      ...(loses && { loses }),
    });
  }
  return [...planned.values()];
}

function differencesOf({ old, new: next, keys, diffs, detailedDiff }: StepMetadata): Difference[] {
  const replacing = keys ?? [];
  const detailed = Object.entries(detailedDiff ?? {});
  if (detailed.length === 0) {
    const paths = new Set([...replacing, ...(diffs ?? [])]);
    return [...paths].map((path) => difference(path, old?.inputs, next?.inputs, replacing.includes(path)));
  }
  return detailed.map(([path, { kind, inputDiff }]) =>
    difference(path, inputDiff ? old?.inputs : old?.outputs, next?.inputs, kind.endsWith("-replace")),
  );
}

function difference(path: string, old: unknown, next: unknown, replaces: boolean): Difference {
  const was = valueAt(old, path);
  const is = valueAt(next, path);
  return {
    path,
    ...(was !== undefined && { was: shown(was) }),
    ...(is !== undefined && { is: shown(is) }),
    ...(replaces && { replaces: true as const }),
  };
}

/** What lies at a path; of what lies in a secret only the secret can be told. */
function valueAt(properties: unknown, path: string): unknown {
  let parts: readonly (string | number)[];
  try {
    parts = parsePath(path);
  } catch {
    return undefined;
  }
  let value = properties;
  for (const part of parts) {
    if (isRecord(value) && "ciphertext" in value) return value;
    if (Array.isArray(value)) value = value[Number(part)];
    else if (isRecord(value) && Object.hasOwn(value, part)) value = value[part];
    else return undefined;
  }
  return value;
}

/** `urn:pulumi:<stack>::<project>::<type>::<name>`; a name may hold `::` itself. */
function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}
