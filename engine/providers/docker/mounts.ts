import type { MountPropagation, MountSettings, MountType } from "dockerode";
import type { PropertyMap, PropertyValue } from "../../src/values/values.ts";
import { bool, int, map, object, oneOf, type Properties, type PropertyOptions, set, string } from "../bridge/index.ts";
import { labelList, labelMap, labelProperties } from "./labels.ts";
import { number, objects, properties, stringMap, text } from "./values.ts";

/** Mounts as containers and services have them; only a container's bind propagation has no default. */
export function mountProperties(propagation: PropertyOptions): Properties {
  const allowed = oneOf("private", "rprivate", "shared", "rshared", "slave", "rslave");
  return {
    target: string({ required: true }),
    source: string(),
    type: string({ required: true, check: oneOf("bind", "volume", "tmpfs") }),
    readOnly: bool(),
    bindOptions: object({ propagation: string({ check: allowed, ...propagation }) }),
    volumeOptions: object({
      noCopy: bool(),
      labels: set(labelProperties({ forceNew: true })),
      driverName: string(),
      driverOptions: map(),
    }),
    tmpfsOptions: object({ sizeBytes: int(), mode: int() }),
  };
}

/** Mounts for Docker's API. */
export function toMounts(value: PropertyValue | undefined): MountSettings[] {
  return objects(value).map((mount): MountSettings => {
    const { bindOptions, volumeOptions, tmpfsOptions } = mount;
    const [bind, volume, tmpfs] = [properties(bindOptions), properties(volumeOptions), properties(tmpfsOptions)];
    return {
      Type: text(mount.type) as MountType,
      Target: text(mount.target),
      Source: text(mount.source),
      ReadOnly: mount.readOnly === true,
      ...(bindOptions && { BindOptions: { Propagation: text(bind.propagation) as MountPropagation } }),
      ...(volumeOptions && {
        VolumeOptions: {
          NoCopy: volume.noCopy === true,
          Labels: labelMap(volume.labels),
          DriverConfig: { Name: text(volume.driverName), Options: stringMap(volume.driverOptions) },
        },
      }),
      ...(tmpfsOptions && { TmpfsOptions: { SizeBytes: number(tmpfs.sizeBytes), Mode: number(tmpfs.mode) } }),
    };
  });
}

/** Mounts as Docker's API gives them back. */
export function fromMounts(mounts: readonly MountSettings[] | null | undefined): PropertyMap[] {
  return (mounts ?? []).map((mount) => ({
    target: mount.Target,
    source: mount.Source ?? "",
    type: mount.Type,
    readOnly: mount.ReadOnly ?? false,
    bindOptions: mount.BindOptions ? { propagation: mount.BindOptions.Propagation ?? "" } : null,
    volumeOptions: mount.VolumeOptions
      ? {
          noCopy: mount.VolumeOptions.NoCopy ?? false,
          labels: labelList(mount.VolumeOptions.Labels),
          driverName: mount.VolumeOptions.DriverConfig?.Name ?? "",
          driverOptions: mount.VolumeOptions.DriverConfig?.Options ?? {},
        }
      : null,
    tmpfsOptions: mount.TmpfsOptions
      ? { sizeBytes: mount.TmpfsOptions.SizeBytes ?? 0, mode: mount.TmpfsOptions.Mode ?? 0 }
      : null,
  }));
}
