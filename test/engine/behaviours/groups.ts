import { aliases } from "./aliases.ts";
import { deletes } from "./deletes.ts";
import { failing } from "./failing.ts";
import { hooks } from "./hooks.ts";
import { importing } from "./importing.ts";
import { options } from "./options.ts";
import { protecting } from "./protecting.ts";
import { providers } from "./providers.ts";
import { refreshing } from "./refreshing.ts";
import { replacing } from "./replacing.ts";
import type { Scenarios } from "./scenario.ts";
import { targeting } from "./targeting.ts";

/** All behaviours, by what they are about. */
export const groups: Readonly<Record<string, Scenarios>> = {
  aliases,
  deletes,
  failing,
  hooks,
  importing,
  options,
  protecting,
  providers,
  refreshing,
  replacing,
  targeting,
};
