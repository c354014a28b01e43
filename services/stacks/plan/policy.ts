import { UserError } from "../../../lib/errors.ts";
import { isRecord } from "../../../lib/validation/readers.ts";
import { ALLOW_DATA_LOSS } from "../../../model/stack/keys.ts";
import type { Act, Planned } from "./planned.ts";

/** Something that is not to be done: `replace:postgresql`, `delete:addon`. */
export interface Rule {
  /** As it was written. */
  readonly text: string;
  readonly act: Act;
  readonly what: string;
}

/** What is refused, and by which rule. */
export interface Denied {
  readonly rule: string;
  readonly planned: Planned;
}

const ACTS: readonly Act[] = ["create", "update", "replace", "delete"];

/** Heroku's words for types. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  addon: ["postgresql:index/database:Database"],
  app: ["dyno:index:Release"],
};

const FORM = `use ${ACTS.join(", ")}, a colon, and addon, app, or a type or package of Pulumi's, e.g. "delete:addon" or "replace:postgresql"`;

/** @throws UserError for what is no rule */
function parseRule(text: string): Rule {
  const [, act = "", what = ""] = /^([a-z]+):([\w@/.:-]+)$/.exec(text.trim()) ?? [];
  const found = ACTS.find((each) => each === act);
  if (found === undefined) throw new UserError(`"${text}" is no rule; ${FORM}.`);
  return { text: text.trim(), act: found, what };
}

/** @param texts rules, several in one text by commas */
export function parseRules(texts: readonly string[]): Rule[] {
  return texts
    .flatMap((text) => text.split(","))
    .filter((text) => text.trim() !== "")
    .map(parseRule);
}

/**
 * What rules deny of a plan.
 *
 * @param config of the stack's file, whose {@link ALLOW_DATA_LOSS} lists the things that may go
 */
export function denied(
  rules: readonly Rule[],
  planned: readonly Planned[],
  config: Readonly<Record<string, unknown>>,
): Denied[] {
  const allowed = allowedIn(config);
  return planned.flatMap((each) => {
    const rule = rules.find(({ act, what }) => act === each.act && matches(what, each.type));
    return rule === undefined || allowed.some((thing) => isNamed(each.name, thing))
      ? []
      : [{ rule: rule.text, planned: each }];
  });
}

/** In one sentence, with what to do about it. */
export function refusal(stack: string, refused: readonly Denied[]): string {
  const things = refused.map(({ rule, planned }) => {
    const loss = planned.loses === undefined ? "" : `, and what is stored in that ${planned.loses}`;
    return `it would ${planned.act} ${planned.name} (${rule})${loss}`;
  });
  const names = refused.map(({ planned }) => shortName(planned.name)).join(", ");
  return `${stack} is not brought up: ${things.join("; ")}. If that is meant, write ${ALLOW_DATA_LOSS}: [${names}] into its stack file.`;
}

function matches(what: string, type: string): boolean {
  const words = WORDS[what];
  if (words !== undefined) return words.includes(type);
  const [pkg = "", ...rest] = type.split(":");
  const short = `${pkg}:${rest.at(-1)}`;
  return [pkg, type, short].some((each) => each.toLowerCase() === what.toLowerCase());
}

/** Things are called by their resource's name, or by what follows the app's in it: `DATABASE` of `shop.DATABASE`. */
function isNamed(name: string, thing: string): boolean {
  return name === thing || shortName(name) === thing;
}

function shortName(name: string): string {
  return name.slice(name.indexOf(".") + 1);
}

function allowedIn(config: Readonly<Record<string, unknown>>): string[] {
  const value = config[ALLOW_DATA_LOSS];
  if (Array.isArray(value)) return value.filter((each) => typeof each === "string");
  if (isRecord(value) || value === undefined || value === null) return [];
  return [String(value)];
}
