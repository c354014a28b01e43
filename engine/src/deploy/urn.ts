/** Pulumi's names of resources: `urn:pulumi:<stack>::<project>::<parent types$type>::<name>`. */

export const stackType = "pulumi:pulumi:Stack";

const providerTypePrefix = "pulumi:providers:";

interface UrnParts {
  readonly stack: string;
  readonly project: string;
  /** The types of all parents and its own, joined by "$". */
  readonly qualifiedType: string;
  readonly name: string;
}

/** The parts of a URN; a name may itself hold "::". Throws when it is none. */
export function parseUrn(urn: string): UrnParts {
  const [, stack, project, qualifiedType, name] = /^urn:pulumi:(.*?)::(.*?)::(.*?)::(.*)$/s.exec(urn) ?? [];
  if (stack === undefined || project === undefined || qualifiedType === undefined || name === undefined) {
    throw new Error(`"${urn}" is no URN`);
  }
  return { stack, project, qualifiedType, name };
}

export function formatUrn(parts: UrnParts): string {
  return `urn:pulumi:${parts.stack}::${parts.project}::${parts.qualifiedType}::${parts.name}`;
}

/** The type of a resource below a parent; the stack, which is every resource's ancestor, is left out. */
export function qualifyType(parent: string | undefined, type: string): string {
  const above = parent ? parseUrn(parent).qualifiedType : "";
  return above && above !== stackType ? `${above}$${type}` : type;
}

export function typeOf(urn: string): string {
  return parseUrn(urn).qualifiedType.split("$").at(-1) ?? "";
}

export function nameOf(urn: string): string {
  return parseUrn(urn).name;
}

export function providerType(packageName: string): string {
  return providerTypePrefix + packageName;
}

export function isProviderType(type: string): boolean {
  return type.startsWith(providerTypePrefix);
}

/** The package that a provider's type is for. */
export function providerPackage(type: string): string {
  return type.slice(providerTypePrefix.length);
}

/** The package of a custom resource's or function's token, `pkg:module:Name`. */
export function packageOf(token: string): string {
  return token.slice(0, Math.max(token.indexOf(":"), 0));
}

/** A default provider is one that the engine made; nobody asked for it by name. */
export function isDefaultProvider(urn: string): boolean {
  return isProviderType(typeOf(urn)) && /^default(_|$)/.test(nameOf(urn));
}

/** `URN::ID`, as states and programs refer to providers. */
export function splitReference(reference: string): { urn: string; id: string } {
  const at = reference.lastIndexOf("::");
  return { urn: reference.slice(0, at), id: reference.slice(at + 2) };
}
