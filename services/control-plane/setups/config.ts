import { randomBytes } from "node:crypto";
import { UserError } from "../../../lib/errors.ts";
import { configVarProblem } from "../../../model/names.ts";
import { freeAttachment } from "../postgres/names.ts";
import type { AppJson, WantedAddon } from "./app-json.ts";

/** An add-on, and what it is attached as. */
export interface PlacedAddon extends WantedAddon {
  readonly as: string;
}

/** Gives each add-on the name that it is attached as. */
export function placed(addons: readonly WantedAddon[]): PlacedAddon[] {
  const taken = addons.flatMap(({ as }) => as ?? []);
  return addons.map((addon) => {
    const as = addon.as ?? freeAttachment(taken);
    if (addon.as === undefined) taken.push(as);
    return { ...addon, as };
  });
}

/**
 * The config vars that an app begins with. What an add-on sets always wins: another value would be another database.
 *
 * @param given by whoever sets the app up
 * @param place where they give them
 * @throws UserError where one is missing that the app requires
 */
export function initialConfig(
  { env }: Pick<AppJson, "env">,
  given: Readonly<Record<string, string>>,
  addons: readonly PlacedAddon[],
  place = "overrides.env",
): Record<string, string> {
  const set = new Set(addons.map(({ as }) => `${as}_URL`));
  const config: Record<string, string> = {};
  const missing: string[] = [];
  for (const [name, { value, required, secret }] of Object.entries(env)) {
    if (set.has(name)) continue;
    const chosen = given[name] ?? value ?? (secret ? randomBytes(32).toString("hex") : undefined);
    if (chosen !== undefined) config[name] = chosen;
    else if (required) missing.push(name);
  }
  if (missing.length > 0) {
    throw new UserError(
      `app.json requires values for ${missing.join(", ")}: give them as ${place}, or write them there`,
    );
  }
  for (const [name, value] of Object.entries(given)) {
    const wrong = configVarProblem(name, [...set]);
    if (wrong !== undefined) throw new UserError(`${name} ${wrong}`);
    config[name] = value;
  }
  return config;
}
