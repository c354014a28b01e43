/** Whether a state makes sense: what Pulumi checks whenever it reads or has written one. */
import type { ResourceState } from "../deploy/types.ts";
import { type Deployment, magicOf } from "./checkpoint.ts";
import { UserError } from "./errors.ts";

/** What is looked at of a resource; the same in files and in memory. */
type Linked = Pick<
  ResourceState,
  "urn" | "type" | "custom" | "id" | "delete" | "parent" | "provider" | "dependencies" | "deletedWith"
> & { readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>> };

/** A state that contradicts itself. The message names the first contradiction and what can be done. */
export class IntegrityError extends UserError {
  /** @param lastGood a file with the last state that made sense */
  constructor(contradiction: string, lastGood: string | undefined) {
    const back =
      lastGood === undefined
        ? "mend what 'pulumi stack export' prints and import that"
        : `'pulumi stack import --file ${lastGood}' goes back to the last good one`;
    super(
      `snapshot integrity failure; refusing to use it: ${contradiction}. ${back[0]?.toUpperCase()}${back.slice(1)}; ` +
        "with --disable-integrity-checking a command uses it as it is",
    );
  }
}

/** The first thing that makes no sense about a deployment; undefined: all of it does. */
export function contradictionOf({ manifest, resources }: Deployment): string | undefined {
  const { magic, version } = manifest;
  if (magic !== "" && magic !== magicOf(version))
    return "magic cookie mismatch: possible tampering/corruption detected";
  return contradictionIn((resources ?? []) as readonly Linked[]);
}

/** The same for resources alone. */
export function contradictionIn(resources: readonly Linked[]): string | undefined {
  const seen = new Set<string>();
  const live = new Set<string>();
  const providers = new Set<string>();
  for (const [index, resource] of resources.entries()) {
    const { urn, type } = resource;
    if (!urn) return `resource at index ${index} missing required 'urn' field`;
    if (!type) return `resource '${urn}' missing required 'type' field`;
    if (!resource.custom && resource.id) return `resource '${urn}' has 'custom' false but non-empty ID`;
    const missing = missingReference(resource, seen, providers);
    if (missing !== undefined) return missing;
    if (resource.delete !== true) {
      if (live.has(urn)) return `duplicate resource ${urn} (not marked for deletion)`;
      live.add(urn);
    }
    seen.add(urn);
    if (type.startsWith("pulumi:providers:")) providers.add(`${urn}::${resource.id}`);
  }
  return undefined;
}

function missingReference(
  { urn, parent, provider, dependencies, propertyDependencies, deletedWith }: Linked,
  seen: ReadonlySet<string>,
  providers: ReadonlySet<string>,
): string | undefined {
  if (provider && !providers.has(provider)) return `resource ${urn} refers to unknown provider ${provider}`;
  if (parent && !seen.has(parent)) return `child resource ${urn} refers to missing parent ${parent}`;
  const named = Object.values(propertyDependencies ?? {}).flatMap((urns) => urns ?? []);
  const missing = [...(dependencies ?? []), ...named].find((dependency) => !seen.has(dependency));
  if (missing !== undefined) return `resource ${urn} refers to missing dependency ${missing}`;
  if (deletedWith && !seen.has(deletedWith)) {
    return `resource ${urn} is specified as being deleted with ${deletedWith}, which is missing`;
  }
  return undefined;
}
