import path from "node:path";
import { fileURLToPath } from "node:url";
import type aliasProto from "@pulumi/pulumi/proto/alias_pb.js";
import type resourceProto from "@pulumi/pulumi/proto/resource_pb.js";
import type sourceProto from "@pulumi/pulumi/proto/source_pb.js";
import { flatten } from "../values/secrets.ts";
import type { PropertyMap, PropertyValue } from "../values/values.ts";
import { decodeProperties, decodeValue } from "../values/wire.ts";
import type { Alias, Goal } from "./goal.ts";
import { readHooks } from "./hook-request.ts";
import type { ResourceState } from "./types.ts";

type RegisterRequest = resourceProto.RegisterResourceRequest;

/** What a program asks for, in our own terms; providers and what is inherited are still to be settled. */
export interface Registration extends Omit<Goal, "provider" | "properties"> {
  /** Values as sent, with their output wrappers. */
  readonly properties: PropertyMap;
  /** `URN::ID`, if the program names one. */
  readonly provider: string;
  readonly providers: Readonly<Record<string, string>>;
  readonly version: string;
  readonly pluginDownloadURL: string;
  readonly remote: boolean;
}

/** Reads a RegisterResource request; `root` is the project's folder, which source positions are relative to. */
export function readRegistration(request: RegisterRequest, root: string): Registration {
  const properties = decodeProperties(request.getObject());
  const dependencies = request.getDependenciesList();
  const propertyDependencies: Record<string, readonly string[]> = {};
  request.getPropertydependenciesMap().forEach((value, key) => {
    propertyDependencies[key] = value.getUrnsList();
  });
  const named = Object.keys(propertyDependencies).length > 0 || request.getRemote();
  return {
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    remote: request.getRemote(),
    properties,
    parent: request.getParent() || undefined,
    dependencies,
    propertyDependencies: named
      ? propertyDependencies
      : Object.fromEntries(Object.keys(properties).map((key) => [key, dependencies])),
    provider: request.getProvider(),
    providers: Object.fromEntries(request.getProvidersMap().toArray()),
    version: request.getVersion(),
    pluginDownloadURL: request.getPlugindownloadurl(),
    protect: request.hasProtect() ? request.getProtect() : undefined,
    retainOnDelete: request.hasRetainondelete() ? request.getRetainondelete() : undefined,
    deleteBeforeReplace: request.getDeletebeforereplacedefined() ? request.getDeletebeforereplace() : undefined,
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    hideDiff: request.getHidediffsList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    aliases: readAliases(request),
    importId: request.getImportid() || undefined,
    customTimeouts: readTimeouts(request.getCustomtimeouts()),
    deletedWith: request.getDeletedwith() || undefined,
    replaceWith: request.getReplaceWithList(),
    replacementTrigger: readTrigger(request),
    hooks: readHooks(request.getHooks()),
    sourcePosition: readPosition(request.getSourceposition(), root),
    stackTrace: readTrace(request.getStacktrace(), root),
  };
}

function readAliases(request: RegisterRequest): Alias[] {
  const specs = request.getAliasesList().map(readAlias);
  return [...specs, ...request.getAliasurnsList()];
}

export function readAlias(alias: aliasProto.Alias): Alias {
  const spec = alias.getSpec();
  if (!spec) return alias.getUrn();
  return {
    name: spec.getName() || undefined,
    type: spec.getType() || undefined,
    stack: spec.getStack() || undefined,
    project: spec.getProject() || undefined,
    parent: spec.getNoparent() ? "" : spec.getParenturn() || undefined,
  };
}

function readTrigger(request: RegisterRequest): PropertyValue | undefined {
  const trigger = request.getReplacementTrigger();
  return trigger && flatten(decodeValue(trigger));
}

export function readTimeouts(
  timeouts: resourceProto.RegisterResourceRequest.CustomTimeouts | undefined,
): ResourceState["customTimeouts"] {
  if (!timeouts) return undefined;
  const read = {
    create: seconds(timeouts.getCreate()),
    update: seconds(timeouts.getUpdate()),
    delete: seconds(timeouts.getDelete()),
  };
  const given = Object.entries(read).filter(([, value]) => value !== undefined);
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}

/** Go's durations: "1h30m", "300ms". */
export function seconds(duration: string): number | undefined {
  if (!duration) return undefined;
  const units: Record<string, number> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };
  const parts = [...duration.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/gy)];
  if (parts.map(([text]) => text).join("") !== duration) {
    throw new Error(`"${duration}" is no duration; write it like 90s, 5m or 1h30m`);
  }
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ""] ?? 0), 0);
}

/** `project:///folder/program.ts#12,3`, the way Pulumi writes where a resource was declared. */
export function readPosition(position: sourceProto.SourcePosition | undefined, root: string): string | undefined {
  if (!position?.getUri().startsWith("file:")) return undefined;
  const file = path.relative(root, fileURLToPath(position.getUri())).split(path.sep).join("/");
  return `project:///${file}#${position.getLine()},${position.getColumn()}`;
}

export function readTrace(trace: sourceProto.StackTrace | undefined, root: string): ResourceState["stackTrace"] {
  const frames = trace?.getFramesList().map((frame) => {
    const sourcePosition = readPosition(frame.getPc(), root);
    return sourcePosition ? { sourcePosition } : {};
  });
  return frames?.length ? frames : undefined;
}
