/** What stack files say, so far as it can be read. Nothing is refused here: a file may be half written. */
import { Problems } from "../../lib/validation/problems.ts";
import { isRecord } from "../../lib/validation/readers.ts";
import type { Scale } from "../app/formation.ts";
import { type AddonSettings, addon } from "../app/settings.ts";
import { DEFAULT_PLATFORM_NAME } from "../platform/settings.ts";
import { APP, DEFAULT_PLATFORM_STACK, PLATFORM } from "./keys.ts";

type Config = Readonly<Record<string, unknown>>;
/** A map below one of the keys, as written. */
type Written = Readonly<Record<string, unknown>>;

/** What stands below `dynoform:app`; nothing where it is no map. @param config `config:` of a stack file */
export function appSettingsOf(config: Config): Written {
  const settings = config[APP];
  return isRecord(settings) ? settings : {};
}

/** An app's name, and the id that stays when it is renamed. @param stack of its file, which is the name's default */
export function appNames(settings: Written, stack: string): { readonly name: string; readonly id: string } {
  const name = typeof settings.name === "string" ? settings.name : stack;
  return { name, id: typeof settings.id === "string" ? settings.id : name };
}

/** The commit that an app's settings name. */
export function declaredCommit({ source }: Written): string | undefined {
  return isRecord(source) && typeof source.commit === "string" ? source.commit : undefined;
}

/** How many dynos of which types an app's settings name. */
export function declaredFormation({ formation }: Written): Record<string, Scale> {
  if (!isRecord(formation)) return {};
  const entries = Object.entries(formation).map(([type, value]) => {
    const { quantity, size } = isRecord(value) ? value : {};
    const scale: Scale = {
      ...(typeof quantity === "number" && { quantity }),
      ...(typeof size === "string" && { size }),
    };
    return [type, scale] as const;
  });
  return Object.fromEntries(entries);
}

/** The add-ons that an app's settings name, by attachment. */
export function declaredAddons({ addons }: Written): Record<string, AddonSettings> {
  if (!isRecord(addons)) return {};
  const entries = Object.entries(addons).map(([name, value]) => [name, addon(value, name, new Problems())]);
  return Object.fromEntries(entries.filter(([, read]) => read !== undefined));
}

/** The stack of the platform that the settings of an app or a link name. */
export function platformStack({ platform }: Written): string {
  return typeof platform === "string" ? (platform.split("/").at(-1) ?? "") : DEFAULT_PLATFORM_STACK;
}

/** Whether a stack file declares the platform of this name. */
export function isPlatform({ config }: { readonly config: Config }, name: string): boolean {
  if (!(PLATFORM in config)) return false;
  const settings = config[PLATFORM];
  return name === (isRecord(settings) && typeof settings.name === "string" ? settings.name : DEFAULT_PLATFORM_NAME);
}
