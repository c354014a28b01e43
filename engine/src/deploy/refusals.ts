/** What is told of a resource that cannot be what its program wants. */
import { containsSecrets } from "../values/secrets.ts";
import type { PropertyMap } from "../values/values.ts";
import type { ResourceState } from "./types.ts";
import { nameOf } from "./urn.ts";

/** Tells what is wrong with a resource; `goOn`: what else there is to do is shown nevertheless. */
export type Refuse = (urn: string, message: string, goOn?: boolean) => Error;

/** An input that a provider refuses; secrets are not shown. */
export function inputMessage(state: ResourceState, property: string, inputs: PropertyMap, reason: string): string {
  const resource = `${state.type} resource '${nameOf(state.urn)}'`;
  if (!property) return `${resource} has a problem: ${reason}`;
  const value = inputs[property];
  const shown = containsSecrets(value ?? null) ? "[secret]" : typeof value === "object" ? JSON.stringify(value) : value;
  return `${resource}: property ${property} value {${shown}} has a problem: ${reason}`;
}

/** @param named whether the deployment has targets, rather than excludes */
export function missingMessage(urn: string, missing: string, named: boolean): string {
  return named
    ? `Resource '${urn}' depends on '${missing}' which was was not specified in --target list.`
    : `Resource '${urn}' depends on '${missing}', which is new and excluded; exclude both of them or neither.`;
}

export function replacementMessage(urn: string, why: "protected" | "imported"): string {
  if (why === "imported") {
    return (
      `unable to replace resource "${urn}":\npreviously-imported resources that still specify an ID may not be replaced; ` +
      "please remove the `import` declaration from your program"
    );
  }
  return (
    `unable to replace resource "${urn}"\nas it is currently marked for protection. To unprotect the resource, remove ` +
    "the `protect` flag from the resource in your Pulumi program and run `pulumi up`"
  );
}

/** @param why it cannot go */
export function dependentMessage(
  { urn }: ResourceState,
  root: ResourceState,
  why: "protected" | "no target" | "excluded",
): string {
  const replacing = `unable to replace resource "${urn}" as part of replacing "${root.urn}"`;
  if (why === "no target") return `${replacing}, since it is not among the targets`;
  if (why === "excluded") return `${replacing}, since it is excluded`;
  return (
    `${replacing} as it is currently marked for protection. To unprotect the resource, remove the \`protect\` flag from ` +
    `the resource in your Pulumi program and run \`pulumi up\`, or use the command:\n\`pulumi state unprotect '${urn}'\``
  );
}
