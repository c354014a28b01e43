import { hashAssets } from "../values/asset-hash.ts";
import { flatten } from "../values/secrets.ts";
import type { PropertyMap } from "../values/values.ts";
import type { Deployment } from "./deployment.ts";
import type { Goal } from "./goal.ts";
import type { Registration } from "./request.ts";
import { isProviderType, packageOf, providerPackage, splitReference, typeOf } from "./urn.ts";

/** A request that may name its provider. */
interface ProviderRequest {
  getProvider(): string;
  getVersion(): string;
  getPlugindownloadurl(): string;
}

/** What children inherit of a resource. */
interface Inheritance {
  readonly goal: Goal;
  readonly providers: Readonly<Record<string, string>>;
}

/** Settles what a registration leaves open: its provider, and what it inherits from its parent. */
export class Resolver {
  readonly #deployment: Deployment;
  readonly #parents = new Map<string, Inheritance>();

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  /** Later registrations may have this resource for a parent. */
  remember(urn: string, registration: Registration, goal: Goal): void {
    const above = registration.parent ? this.#parents.get(registration.parent)?.providers : undefined;
    this.#parents.set(urn, { goal, providers: { ...above, ...registration.providers } });
  }

  async goal(registration: Registration): Promise<Goal> {
    const {
      provider,
      providers,
      version,
      pluginDownloadURL,
      remote,
      replacementTrigger: trigger,
      ...rest
    } = registration;
    const parent = registration.parent ? this.#parents.get(registration.parent)?.goal : undefined;
    const { properties: given, propertyDependencies } = flattenAll(registration);
    const { folder } = this.#deployment;
    const properties = await hashAssets(given, folder);
    if (isProviderType(rest.type)) {
      if (version && properties.version === undefined) properties.version = version;
      if (pluginDownloadURL && properties.pluginDownloadURL === undefined) {
        properties.pluginDownloadURL = pluginDownloadURL;
      }
    }
    if (remote)
      throw new Error(`${rest.type}: components that a provider plugin makes are not supported by this engine`);
    if (rest.custom && !isProviderType(rest.type) && !/^[^:]+:[^:]*:[^:]+$/.test(rest.type)) {
      throw new Error(`the resource type "${rest.type}" of ${rest.name} is not of the form package:module:Name`);
    }
    const managed = rest.custom && !isProviderType(rest.type);
    return {
      ...rest,
      properties,
      propertyDependencies,
      replacementTrigger: trigger === undefined ? undefined : (await hashAssets({ trigger }, folder)).trigger,
      protect: rest.protect ?? parent?.protect,
      retainOnDelete: rest.retainOnDelete ?? parent?.retainOnDelete,
      deletedWith: rest.deletedWith ?? parent?.deletedWith,
      provider: managed
        ? await this.#providerFor(rest.type, provider, rest.parent, providers, version, pluginDownloadURL)
        : undefined,
    };
  }

  /** The provider of a read resource or a function. */
  provider(request: ProviderRequest, token: string, parent: string | undefined): Promise<string> {
    const version = request.getVersion();
    return this.#providerFor(token, request.getProvider(), parent, {}, version, request.getPlugindownloadurl());
  }

  async #providerFor(
    token: string,
    explicit: string,
    parent: string | undefined,
    providers: Readonly<Record<string, string>>,
    version: string,
    downloadUrl: string,
  ): Promise<string> {
    const packageName = packageOf(token);
    if (!packageName) throw new Error(`"${token}" does not say which package it is of`);
    if (explicit) {
      const { urn } = splitReference(explicit);
      if (providerPackage(typeOf(urn)) === packageName) return explicit;
    }
    const inherited = parent ? this.#parents.get(parent)?.providers[packageName] : undefined;
    return (
      providers[packageName] ?? inherited ?? (await this.#deployment.defaultProvider(packageName, version, downloadUrl))
    );
  }
}

/** Values without output wrappers; what the wrappers say of dependencies is kept by property. */
function flattenAll(registration: Registration): Pick<Goal, "properties" | "propertyDependencies"> {
  const properties: PropertyMap = {};
  const propertyDependencies: Record<string, readonly string[]> = {};
  for (const [key, value] of Object.entries(registration.properties)) {
    const urns = new Set(registration.propertyDependencies[key]);
    properties[key] = flatten(value, urns);
    propertyDependencies[key] = [...urns];
  }
  return { properties, propertyDependencies };
}
