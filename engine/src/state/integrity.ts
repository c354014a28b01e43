/** Whether a state makes sense: what Pulumi checks whenever it reads or has written one. */
import { type Deployment, magicOf } from "./checkpoint.ts";
import { UserError } from "./errors.ts";
import type { RawResource } from "./resource-json.ts";

/** @throws UserError naming the first contradiction */
export function verifyIntegrity(deployment: Deployment): void {
  const { magic, version } = deployment.manifest;
  if (magic !== "" && magic !== magicOf(version)) fail("magic cookie mismatch: possible tampering/corruption detected");
  const seen = new Set<string>();
  const live = new Set<string>();
  const providers = new Set<string>();
  for (const [index, resource] of (deployment.resources ?? []).entries()) {
    const { urn } = resource;
    if (!urn) fail(`resource at index ${index} missing required 'urn' field`);
    if (!resource.type) fail(`resource '${urn}' missing required 'type' field`);
    if (!resource.custom && resource.id) fail(`resource '${urn}' has 'custom' false but non-empty ID`);
    checkReferences(resource, seen, providers);
    if (resource.delete !== true) {
      if (live.has(urn)) fail(`duplicate resource ${urn} (not marked for deletion)`);
      live.add(urn);
    }
    seen.add(urn);
    if (resource.type.startsWith("pulumi:providers:")) providers.add(`${urn}::${resource.id}`);
  }
}

function checkReferences(resource: RawResource, seen: Set<string>, providers: Set<string>): void {
  const { urn, parent, provider } = resource;
  if (typeof provider === "string" && provider !== "" && !providers.has(provider)) {
    fail(`resource ${urn} refers to unknown provider ${provider}`);
  }
  if (typeof parent === "string" && parent !== "" && !seen.has(parent)) {
    fail(`child resource ${urn} refers to missing parent ${parent}`);
  }
  const propertyDependencies = (resource.propertyDependencies ?? {}) as Record<string, string[] | null>;
  const dependencies = (resource.dependencies ?? []) as string[];
  for (const dependency of [...dependencies, ...Object.values(propertyDependencies).flatMap((urns) => urns ?? [])]) {
    if (!seen.has(dependency)) fail(`resource ${urn} refers to missing dependency ${dependency}`);
  }
  const deletedWith = resource.deletedWith;
  if (typeof deletedWith === "string" && deletedWith !== "" && !seen.has(deletedWith)) {
    fail(`resource ${urn} is specified as being deleted with ${deletedWith}, which is missing`);
  }
}

function fail(problem: string): never {
  throw new UserError(`snapshot integrity failure; refusing to use it: ${problem}`);
}
