/** Hooks as Pulumi's protocol has them: which a resource names, and what they are told. */
import aliasProto from "@pulumi/pulumi/proto/alias_pb.js";
import resourceProto from "@pulumi/pulumi/proto/resource_pb.js";
import type structProto from "google-protobuf/google/protobuf/struct_pb.js";
import type { PropertyMap } from "../values/values.ts";
import { encodeProperties, unknownMarker } from "../values/wire.ts";
import type { ResourceState } from "./types.ts";
import { nameOf } from "./urn.ts";

type Binding = resourceProto.RegisterResourceRequest.ResourceHooksBinding;
type HookNames = NonNullable<ResourceState["resourceHooks"]>;

const { CustomTimeouts, ResourceHooksBinding } = resourceProto.RegisterResourceRequest;

/** What a hook is about: the resource before and after. A create has no `old`, a delete no `new`. */
export interface Subject {
  readonly old?: ResourceState;
  readonly new?: ResourceState;
  /** Whether `new` has its outputs already. */
  readonly done?: boolean;
}

/** The names of a resource's hooks by their moments, as they stand in the state. */
export function readHooks(binding: Binding | undefined): HookNames | undefined {
  if (!binding) return undefined;
  const lists: HookNames = {
    BeforeCreate: binding.getBeforeCreateList(),
    AfterCreate: binding.getAfterCreateList(),
    BeforeUpdate: binding.getBeforeUpdateList(),
    AfterUpdate: binding.getAfterUpdateList(),
    BeforeDelete: binding.getBeforeDeleteList(),
    AfterDelete: binding.getAfterDeleteList(),
    OnError: binding.getOnErrorList(),
  };
  const named = Object.entries(lists).filter(([, names]) => names.length > 0);
  return named.length > 0 ? Object.fromEntries(named) : undefined;
}

export function writeHooks(hooks: HookNames | undefined): Binding | undefined {
  if (!hooks) return undefined;
  const names = (moment: string) => [...(hooks[moment] ?? [])];
  return new ResourceHooksBinding()
    .setBeforeCreateList(names("BeforeCreate"))
    .setAfterCreateList(names("AfterCreate"))
    .setBeforeUpdateList(names("BeforeUpdate"))
    .setAfterUpdateList(names("AfterUpdate"))
    .setBeforeDeleteList(names("BeforeDelete"))
    .setAfterDeleteList(names("AfterDelete"))
    .setOnErrorList(names("OnError"));
}

export function hookRequest({ old, new: now, done }: Subject): Uint8Array {
  const { urn, type, id = "" } = now ?? (old as ResourceState);
  return new resourceProto.ResourceHookRequest()
    .setUrn(urn)
    .setId(id === unknownMarker ? "" : id)
    .setName(nameOf(urn))
    .setType(type)
    .setNewInputs(properties(now?.inputs))
    .setOldInputs(properties(old?.inputs))
    .setNewOutputs(properties(done ? now?.outputs : undefined))
    .setOldOutputs(properties(old?.outputs))
    .setOldOptions(optionsOf(old))
    .setNewOptions(optionsOf(now))
    .serializeBinary();
}

/** `failures` are the messages of all attempts, the last one first. */
export function errorHookRequest(operation: string, { old, new: now }: Subject, failures: readonly string[]) {
  const { urn, type, id = "" } = now ?? (old as ResourceState);
  return new resourceProto.ErrorHookRequest()
    .setUrn(urn)
    .setId(id === unknownMarker ? "" : id)
    .setName(nameOf(urn))
    .setType(type)
    .setNewInputs(properties(now?.inputs))
    .setOldInputs(properties(old?.inputs))
    .setOldOutputs(properties(old?.outputs))
    .setOldOptions(optionsOf(old))
    .setNewOptions(optionsOf(now))
    .setFailedOperation(operation)
    .setErrorsList([...failures])
    .serializeBinary();
}

function properties(map: PropertyMap | undefined): structProto.Struct | undefined {
  return map && encodeProperties(map, { secrets: true, resources: true, outputs: true });
}

function optionsOf(state: ResourceState | undefined): resourceProto.ResourceOptions | undefined {
  if (!state) return undefined;
  const options = new resourceProto.ResourceOptions()
    .setDependsOnList([...(state.dependencies ?? [])])
    .setIgnoreChangesList([...(state.ignoreChanges ?? [])])
    .setReplaceOnChangesList([...(state.replaceOnChanges ?? [])])
    .setAdditionalSecretOutputsList([...(state.additionalSecretOutputs ?? [])])
    .setHideDiffList([...(state.hideDiff ?? [])])
    .setReplaceWithList([...(state.replaceWith ?? [])])
    .setAliasesList((state.aliases ?? []).map((urn) => new aliasProto.Alias().setUrn(urn)))
    .setProvider(state.provider ?? "")
    .setDeletedWith(state.deletedWith ?? "")
    .setImport(state.importID ?? "")
    .setParent(state.parent ?? "")
    .setProtect(state.protect ?? false)
    .setRetainOnDelete(state.retainOnDelete ?? false)
    .setHooks(writeHooks(state.resourceHooks));
  const { customTimeouts } = state;
  if (customTimeouts) options.setCustomTimeouts(writeTimeouts(customTimeouts));
  return options;
}

export function writeTimeouts(
  timeouts: NonNullable<ResourceState["customTimeouts"]>,
): resourceProto.RegisterResourceRequest.CustomTimeouts {
  const duration = (seconds: number | undefined) => (seconds === undefined ? "" : `${seconds}s`);
  return new CustomTimeouts()
    .setCreate(duration(timeouts.create))
    .setUpdate(duration(timeouts.update))
    .setDelete(duration(timeouts.delete));
}
