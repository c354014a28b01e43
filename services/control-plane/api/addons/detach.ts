import type { AddonSettings } from "../../../../model/app/settings.ts";
import { ApiError } from "../errors.ts";

export type Addons = Readonly<Record<string, AddonSettings>>;

/** What an attachment is to be; undefined: no more. */
type Edit = readonly [attachment: string, settings: AddonSettings | undefined];

/**
 * Takes an attachment from an app. An add-on that is declared under it moves to another of its names.
 *
 * @throws ApiError 422 when it has none
 */
export function vacate(addons: Addons, attachment: string): Edit[] {
  const present = addons[attachment];
  if (present === undefined || present.attach !== undefined) return [[attachment, undefined]];
  const { id = attachment, ...settings } = present;
  const alias = Object.entries(addons).find(([, { attach }]) => attach?.stack === undefined && attach?.addon === id);
  if (alias === undefined) {
    throw new ApiError(
      422,
      "invalid_params",
      `${attachment} is the only name its add-on has. Attach it by another one first, or destroy it: heroku addons:destroy ${attachment}`,
    );
  }
  const [name] = alias;
  return [
    [attachment, undefined],
    [name, name === id ? settings : { ...settings, id }],
  ];
}
