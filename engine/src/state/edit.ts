/** Edits of a state's resources, as a file has them: nothing is decrypted, and nothing but what is named changes. */
import { UserError } from "./errors.ts";
import type { RawResource } from "./resource-json.ts";

type Dependencies = Record<string, string[] | null>;

/**
 * The resources without those of these URNs.
 *
 * @throws UserError naming what depends on one of them, unless dependents go too, and what is protected, unless forced
 */
export function withoutResources(
  resources: readonly RawResource[],
  urns: readonly string[],
  options: { dependents: boolean; force: boolean },
): RawResource[] {
  const gone = new Set(urns.map((urn) => find(resources, urn)));
  const refuseProtected = () => {
    const kept = options.force ? undefined : [...gone].find(({ protect }) => protect === true);
    if (kept === undefined) return;
    throw new UserError(
      `${kept.urn} can't be safely deleted because it is protected. Re-run this command with --force to force deletion`,
    );
  };
  refuseProtected();
  for (const resource of resources) {
    const needed = [...gone].find((other) => other !== resource && needs(resource, other));
    if (needed === undefined || gone.has(resource)) continue;
    if (!options.dependents) throw new UserError(dependentsMessage(resources, needed, gone));
    gone.add(resource);
  }
  refuseProtected();
  return resources.filter((resource) => !gone.has(resource));
}

/** The resources with some, or all, protected or not. */
export function withProtection(
  resources: readonly RawResource[],
  urns: readonly string[] | "all",
  protect: boolean,
): RawResource[] {
  const chosen = new Set(urns === "all" ? resources : urns.map((urn) => find(resources, urn)));
  return resources.map((resource) => {
    if (!chosen.has(resource)) return resource;
    const { protect: _, ...rest } = resource;
    return protect ? { ...rest, protect } : (rest as RawResource);
  });
}

/** The resources with one under another name, and with what refers to it. */
export function withNewName(resources: readonly RawResource[], urn: string, name: string): RawResource[] {
  const renamed = find(resources, urn);
  const now = urn.replace(/^(urn:pulumi:.*?::.*?::.*?::).*$/s, (_, start: string) => start + name);
  if (resources.some((resource) => resource.urn === now && resource !== renamed)) {
    throw new UserError("The chosen new urn for the state corresponds to an already existing resource");
  }
  const change = (text: string) => (text === urn ? now : text);
  const reference = `${urn}::${renamed.id}`;
  return resources.map((resource) => {
    const { parent, dependencies, propertyDependencies, deletedWith, replaceWith, provider } = resource;
    return {
      ...resource,
      urn: change(resource.urn),
      ...(typeof parent === "string" ? { parent: change(parent) } : {}),
      ...(typeof deletedWith === "string" ? { deletedWith: change(deletedWith) } : {}),
      ...(Array.isArray(dependencies) ? { dependencies: dependencies.map(change) } : {}),
      ...(Array.isArray(replaceWith) ? { replaceWith: replaceWith.map(change) } : {}),
      ...(propertyDependencies === undefined
        ? {}
        : {
            propertyDependencies: Object.fromEntries(
              Object.entries(propertyDependencies as Dependencies).map(([key, list]) => [
                key,
                list?.map(change) ?? null,
              ]),
            ),
          }),
      ...(provider === reference ? { provider: `${now}::${renamed.id}` } : {}),
    };
  });
}

function find(resources: readonly RawResource[], urn: string): RawResource {
  const [found, ...more] = resources.filter((resource) => resource.urn === urn);
  if (found === undefined) throw new UserError(`No such resource "${urn}" exists in the current state`);
  if (more.length === 0) return found;
  throw new UserError(
    `"${urn}" names ${more.length + 1} resources, one of which replaces the others; run 'pulumi up' first, which ` +
      "deletes what is replaced",
  );
}

function needs(resource: RawResource, other: RawResource): boolean {
  const { parent, dependencies, propertyDependencies, deletedWith, provider } = resource;
  const named = Object.values((propertyDependencies ?? {}) as Dependencies).flatMap((urns) => urns ?? []);
  const urns = [parent, deletedWith, ...((dependencies ?? []) as string[]), ...named];
  return urns.includes(other.urn) || provider === `${other.urn}::${other.id}`;
}

function dependentsMessage(
  resources: readonly RawResource[],
  condemned: RawResource,
  gone: ReadonlySet<RawResource>,
): string {
  const dependents = resources.filter((resource) => !gone.has(resource) && needs(resource, condemned));
  const lines = dependents.map(({ urn }) => ` * ${JSON.stringify(urn.split("::").at(-1)).padEnd(15)} (${urn})`);
  return (
    `${condemned.urn} can't be safely deleted because the following resources depend on it:\n${lines.join("\n")}\n\n` +
    "Delete those resources first or pass --target-dependents."
  );
}
