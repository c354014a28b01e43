import type { Problems } from "../../lib/validation/problems.ts";
import { boolean, join, list, object, oneOf, optional, type Reader, text } from "../../lib/validation/readers.ts";
import { attachmentName, configVarProblem } from "../names.ts";

/** An app of its own for each pull request of the pipeline's repository. */
export interface ReviewAppsSettings {
  /**
   * `false` takes away those that there are, and makes no more.
   * @default true
   */
  readonly enabled?: boolean;
  /**
   * Whether a pull request that is opened gets one by itself; else by `heroku reviewapps:create`.
   * @default true
   */
  readonly automatic?: boolean;
  /**
   * The stack of the app that they are named after, and that `inherit` and `copy` read. It is one of the pipeline's.
   * @default the first app in staging, else in development, else in production
   */
  readonly of?: string;
  /**
   * What their own database begins with: `empty`, or `copy: DATABASE` for what the app that they are named after has there.
   * @default "empty"
   */
  readonly database?: "empty" | CopiedDatabase;
  /**
   * `predictable` is `shop-pr-12`; `random` cannot be guessed.
   * @default "predictable"
   */
  readonly naming?: "predictable" | "random";
  /**
   * What their names begin with.
   * @default the name of the app that they are named after
   */
  readonly baseName?: string;
  /** Which pull requests get none. */
  readonly ignore?: IgnoredPulls;
  /**
   * One that was not deployed for so long goes until its pull request is pushed to again: `5 days`, `12 hours`.
   * @default they stay until the pull request is closed
   */
  readonly ttl?: string;
  /**
   * Config vars that they have from the app that they are named after, by name; those of `dynoform:review-config` go before.
   * @default none
   */
  readonly inherit?: readonly string[];
  /**
   * `approved`: a pull request from a fork gets one for a commit that somebody approved who may write to the repository. It has an empty
   * database, nothing inherited, and of `dynoform:review-config` only what is no secure value.
   * @default "never"
   */
  readonly forks?: "never" | "approved";
}

export interface CopiedDatabase {
  /** What it is attached as, e.g. `DATABASE`. */
  readonly copy: string;
}

export interface IgnoredPulls {
  /**
   * Patterns of branches, e.g. `dependabot/**`.
   * @default none
   */
  readonly branches?: readonly string[];
  /**
   * Whether drafts are left out.
   * @default false
   */
  readonly drafts?: boolean;
  /**
   * Patterns of files, e.g. `docs/**`: a pull request that changes no others is left out.
   * @default none
   */
  readonly paths?: readonly string[];
}

const TTL = /^([1-9]\d{0,2}) (day|hour)s?$/;
const HOUR_MS = 3_600_000;

/** Milliseconds of a `ttl`; undefined: there is no end. */
export function ttlMs(ttl: string | undefined): number | undefined {
  const [, count, unit] = TTL.exec(ttl ?? "") ?? [];
  return count === undefined ? undefined : Number(count) * HOUR_MS * (unit === "day" ? 24 : 1);
}

/** As one writes whole days. */
export function ttlOfDays(days: number): string {
  return days === 1 ? "1 day" : `${days} days`;
}

const copied = object<CopiedDatabase>({ copy: attachmentName });
const database: Reader<"empty" | CopiedDatabase> = (value, path, problems) => {
  if (typeof value !== "string") return copied(value, path, problems);
  return oneOf("database of review apps", ["empty"])(value, path, problems);
};
const pattern = text("use a pattern, e.g. dependabot/**");

function configVar(name: unknown, path: string, problems: Problems): string | undefined {
  const wrong = typeof name === "string" ? configVarProblem(name) : "is no text; use the name of a config var";
  if (wrong !== undefined) problems.add(typeof name === "string" ? join(path, name) : path, wrong);
  return wrong === undefined ? (name as string) : undefined;
}

export const reviewAppsSettings: Reader<ReviewAppsSettings> = object<ReviewAppsSettings>({
  enabled: optional(boolean),
  automatic: optional(boolean),
  of: optional(text("use the name of a stack")),
  database: optional(database),
  naming: optional(oneOf("naming", ["predictable", "random"])),
  baseName: optional(
    text("use 1 to 20 lower-case letters, digits and dashes, beginning with a letter and ending with none", (name) =>
      /^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/.test(name),
    ),
  ),
  ignore: optional(
    object<IgnoredPulls>({
      branches: optional(list(pattern)),
      drafts: optional(boolean),
      paths: optional(list(pattern)),
    }),
  ),
  ttl: optional(text("use days or hours, e.g. 5 days or 12 hours", (ttl) => TTL.test(ttl))),
  inherit: optional(list(configVar)),
  forks: optional(oneOf("way with forks", ["never", "approved"])),
});
