import { randomInt } from "node:crypto";
import { UserError } from "../../../lib/errors.ts";
import { Problems } from "../../../lib/validation/problems.ts";
import { anyAppName, appName, isReviewName, RESERVED_APP_NAMES } from "../../../model/names.ts";

/** An app that cannot be called so. */
export class NameRefused extends UserError {
  override readonly name = "NameRefused";
}

const ADJECTIVES =
  "ancient aqua autumn blue bright calm clear cold cool crisp dark dawn deep dry early fair gentle glad golden green hidden icy light little lively lone long mellow mild misty morning mossy muddy nameless new old open pale peaceful plain polar proud quick quiet rapid rough round salty sandy serene sharp shady silent silver slow small smooth snowy soft solar spring still sunny swift tall tidy tranquil velvet vast warm white wide wild windy winter young";
const NOUNS =
  "bay beach bird brook bush canyon cave cliff cloud coast cove creek delta desert dew dune earth falls feather fern field fire fjord flower fog forest frost garden glade glen grass grove harbor haze hill island lagoon lake leaf marsh meadow mesa mist moon moss mountain oasis ocean orchard path peak pebble pine plain plateau pond rain ravine reef ridge river rock sea shadow shore sky snow sound spring star stone stream summit sun surf thicket tide trail tree valley wave willow wind wood";

/** A name for an app that was given none: `quiet-harbor-12345`. */
export function randomName(): string {
  return `${pick(ADJECTIVES)}-${pick(NOUNS)}-${randomInt(10_000, 100_000)}`;
}

/**
 * An id for a new app, which no other app had or will have: its name, for people who look at databases and
 * repositories, and a random end.
 */
export function randomId(name: string): string {
  const letters = Array.from({ length: 8 }, () => "abcdefghijkmnpqrstuvwxyz"[randomInt(24)]);
  return `${name.slice(0, 21).replace(/-+$/, "")}-${letters.join("")}`;
}

/** @param review whether it is a review app's @throws NameRefused with Heroku's words */
export function checkName(name: string, review = false): void {
  if (RESERVED_APP_NAMES.includes(name)) throw takenName(name);
  if (name.length < 3) throw new NameRefused("Name is too short (minimum is 3 characters).");
  if (name.length > 30) throw new NameRefused("Name is too long (maximum is 30 characters).");
  const problems = new Problems();
  if ((review ? anyAppName : appName)(name, "name", problems) !== undefined) return;
  if (isReviewName(name)) throw new NameRefused("Name ends in -pr- and a number, as those of review apps do.");
  throw new NameRefused(
    "Name must start with a letter, end with a letter or digit and can only contain lowercase letters, digits, and dashes.",
  );
}

export function takenName(name: string): NameRefused {
  return new NameRefused(`Name ${name} is already taken`);
}

function pick(words: string): string {
  const all = words.split(" ");
  return all[randomInt(all.length)] ?? "";
}
