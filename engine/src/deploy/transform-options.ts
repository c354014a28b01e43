import aliasProto from "@pulumi/pulumi/proto/alias_pb.js";
import resourceProto from "@pulumi/pulumi/proto/resource_pb.js";
import { flatten } from "../values/secrets.ts";
import { decodeValue, encodeValue } from "../values/wire.ts";
import type { Alias } from "./goal.ts";
import { readHooks, writeHooks, writeTimeouts } from "./hook-request.ts";
import { type Registration, readAlias, readTimeouts } from "./request.ts";

type Options = resourceProto.TransformResourceOptions;

/** The options of a resource as its transforms see them. */
export function writeOptions(registration: Registration): Options {
  const options = new resourceProto.TransformResourceOptions()
    .setDependsOnList([...registration.dependencies])
    .setIgnoreChangesList([...registration.ignoreChanges])
    .setReplaceOnChangesList([...registration.replaceOnChanges])
    .setVersion(registration.version)
    .setAliasesList(registration.aliases.map(writeAlias))
    .setProvider(registration.provider)
    .setPluginDownloadUrl(registration.pluginDownloadURL)
    .setDeletedWith(registration.deletedWith ?? "")
    .setAdditionalSecretOutputsList([...registration.additionalSecretOutputs])
    .setImport(registration.importId ?? "")
    .setHideDiffList([...registration.hideDiff])
    .setReplaceWithList([...registration.replaceWith]);
  const { protect, retainOnDelete, deleteBeforeReplace, customTimeouts, replacementTrigger } = registration;
  if (protect !== undefined) options.setProtect(protect);
  if (retainOnDelete !== undefined) options.setRetainOnDelete(retainOnDelete);
  if (deleteBeforeReplace !== undefined) options.setDeleteBeforeReplace(deleteBeforeReplace);
  if (replacementTrigger !== undefined) {
    options.setReplacementTrigger(encodeValue(replacementTrigger, { secrets: true, resources: true }));
  }
  if (customTimeouts) options.setCustomTimeouts(writeTimeouts(customTimeouts));
  options.setHooks(writeHooks(registration.hooks));
  for (const [name, reference] of Object.entries(registration.providers)) {
    options.getProvidersMap().set(name, reference);
  }
  return options;
}

/** The options that a transform answered, which take the place of the old ones. */
export function readOptions(options: Options): Partial<Registration> {
  const trigger = options.getReplacementTrigger();
  return {
    dependencies: options.getDependsOnList(),
    protect: options.hasProtect() ? options.getProtect() : undefined,
    ignoreChanges: options.getIgnoreChangesList(),
    replaceOnChanges: options.getReplaceOnChangesList(),
    version: options.getVersion(),
    aliases: options.getAliasesList().map(readAlias),
    provider: options.getProvider(),
    providers: Object.fromEntries(options.getProvidersMap().toArray()),
    pluginDownloadURL: options.getPluginDownloadUrl(),
    customTimeouts: readTimeouts(options.getCustomTimeouts()),
    retainOnDelete: options.hasRetainOnDelete() ? options.getRetainOnDelete() : undefined,
    deletedWith: options.getDeletedWith() || undefined,
    deleteBeforeReplace: options.hasDeleteBeforeReplace() ? options.getDeleteBeforeReplace() : undefined,
    additionalSecretOutputs: options.getAdditionalSecretOutputsList(),
    importId: options.getImport() || undefined,
    hideDiff: options.getHideDiffList(),
    replaceWith: options.getReplaceWithList(),
    hooks: readHooks(options.getHooks()),
    replacementTrigger: trigger && flatten(decodeValue(trigger)),
  };
}

function writeAlias(alias: Alias): aliasProto.Alias {
  if (typeof alias === "string") return new aliasProto.Alias().setUrn(alias);
  const spec = new aliasProto.Alias.Spec()
    .setName(alias.name ?? "")
    .setType(alias.type ?? "")
    .setStack(alias.stack ?? "")
    .setProject(alias.project ?? "");
  if (alias.parent === "") spec.setNoparent(true);
  else if (alias.parent !== undefined) spec.setParenturn(alias.parent);
  return new aliasProto.Alias().setSpec(spec);
}
