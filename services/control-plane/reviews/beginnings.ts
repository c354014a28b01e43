import { UserError } from "../../../lib/errors.ts";
import type { AddonSettings } from "../../../model/app/settings.ts";
import { configVarProblem } from "../../../model/names.ts";
import type { AppJson, WantedAddon } from "../setups/app-json.ts";
import { initialConfig, type PlacedAddon, placed } from "../setups/config.ts";
import type { Beginnings } from "../setups/set-up.ts";
import type { PresentApp, ReviewingPipeline } from "./ports.ts";

/** The app that a review app is like. */
export interface Parent {
  readonly name: string;
  readonly addons: Readonly<Record<string, AddonSettings>>;
  /** Its config vars, with what add-ons set. Secret. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What a review app's config vars come from. */
interface Sources {
  readonly pipeline: ReviewingPipeline;
  readonly app: Pick<PresentApp, "name" | "review">;
  /** Undefined: it has none. */
  readonly json: AppJson | undefined;
  /** Undefined: it is like none. */
  readonly parent: Parent | undefined;
  /** The pipeline's review config. Secret. */
  readonly reviewConfig: Readonly<Record<string, string>>;
}

/** The database that each review app has. */
const DATABASE = "DATABASE";

/**
 * What a review app begins with. A fork's has nothing that is secret: plain values of the review config alone.
 *
 * @throws UserError where a config var is missing that app.json requires
 */
export function beginningsOf({ pipeline, app, json, parent, reviewConfig }: Sources): Beginnings & {
  readonly remarks: readonly string[];
} {
  const { plainReviewConfig = {}, reviewApps } = pipeline;
  const { fork = false, branch, pull } = app.review;
  const inherit = fork ? [] : (reviewApps.inherit ?? []);
  const addons = placed(withDatabase(json?.addons ?? [], reviewApps, fork));
  const set = addons.map(({ as }) => `${as}_URL`);
  const inherited = Object.fromEntries(
    inherit.flatMap((name) => {
      const value = parent?.environment[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const own = { HEROKU_APP_NAME: app.name, HEROKU_BRANCH: branch, HEROKU_PR_NUMBER: String(pull) };
  const given = { ...inherited, ...(fork ? plainReviewConfig : reviewConfig), ...own };
  const usable = Object.entries(given).filter(([name]) => configVarProblem(name, set) === undefined);
  const variables = initialConfig(
    json ?? { env: {} },
    Object.fromEntries(usable),
    addons,
    "config vars of the pipeline's review apps (review-config)",
  );
  return { addons, variables, formation: json?.formation ?? {}, remarks: remarksOn(given, set, inherit, inherited) };
}

/** Where its database's data comes from; undefined: it begins empty. @throws UserError where there is no such database */
export function copiedFrom(
  { reviewApps }: Pick<ReviewingPipeline, "reviewApps">,
  { review }: Pick<PresentApp, "review">,
  parent: Parent | undefined,
): { readonly attachment: string; readonly url: string } | undefined {
  const { database } = reviewApps;
  if (database === undefined || database === "empty" || review.fork === true) return undefined;
  const url = parent?.environment[`${database.copy}_URL`];
  if (parent === undefined || parent.addons[database.copy] === undefined || url === undefined) {
    throw new UserError(`there is no database ${database.copy} of ${parent?.name ?? "the pipeline's app"} to copy`);
  }
  return { attachment: database.copy, url };
}

/** Its own database is there whether app.json asks for one or not. */
function withDatabase(
  addons: readonly WantedAddon[],
  { database }: ReviewingPipeline["reviewApps"],
  fork: boolean,
): readonly WantedAddon[] {
  const names = placed(addons).map(({ as }: PlacedAddon) => as);
  const copied = fork || database === undefined || database === "empty" ? DATABASE : database.copy;
  const missing = [...new Set([DATABASE, copied])].filter((as) => !names.includes(as));
  return [...addons, ...missing.map((as) => ({ plan: "mini" as const, as }))];
}

function remarksOn(
  given: Readonly<Record<string, string>>,
  set: readonly string[],
  inherit: readonly string[],
  inherited: Readonly<Record<string, string>>,
): string[] {
  return [
    ...Object.keys(given)
      .filter((name) => set.includes(name))
      .map((name) => `${name} is its own add-on's; the value of the same name is not used`),
    ...inherit
      .filter((name) => inherited[name] === undefined)
      .map((name) => `${name} is to be inherited, and is not there`),
  ];
}
