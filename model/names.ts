import { type Reader, text } from "../lib/validation/readers.ts";

/** Names no app may have: `<name>.<domain>` is, or will be, a part of the platform or a review app of another app. */
export const RESERVED_APP_NAMES: readonly string[] = ["platform", "dashboard", "git", "api"];

const RULE =
  `use 3 to 30 lower-case letters, digits and dashes, beginning with a letter and ending with a letter or digit, ` +
  `but none of ${RESERVED_APP_NAMES.join(", ")}`;

const follows = (name: string) => /^[a-z][a-z0-9-]{1,28}[a-z0-9]$/.test(name) && !RESERVED_APP_NAMES.includes(name);

/** Heroku's rule for app names, less the reserved ones. */
export const appName: Reader<string> = text(
  `${RULE} and nothing that ends in -pr-<number>`,
  (name) => follows(name) && !isReviewName(name),
);

/** The same, with the names that only review apps may have. */
export const anyAppName: Reader<string> = text(RULE, follows);

/** Whether only a review app may be called so: `shop-pr-12`. */
export function isReviewName(name: string): boolean {
  return /-pr-\d+$/.test(name);
}

/** What begins the name of everything a platform makes. */
export const platformName: Reader<string> = text(
  "use 1 to 20 lower-case letters, digits and dashes, beginning with a letter",
  (name) => /^[a-z][a-z0-9-]{0,19}$/.test(name),
);

/** A process type, as the part before the colon in a Procfile. */
export const processType: Reader<string> = text(
  "use 1 to 30 letters, digits, dashes and underscores, beginning with a letter",
  (name) => /^[A-Za-z][A-Za-z0-9_-]{0,29}$/.test(name),
);

/** What an add-on is attached as: `DATABASE` gives the app `DATABASE_URL`. */
export const attachmentName: Reader<string> = text(
  "use upper-case letters, digits and underscores, beginning with a letter, e.g. DATABASE",
  (name) => /^[A-Z][A-Z0-9_]{0,62}$/.test(name),
);

/** What people call an add-on. */
export const addonName: Reader<string> = text(
  "use 3 to 60 lower-case letters, digits and dashes, beginning with a letter, e.g. postgresql-curved-12345",
  (name) => /^[a-z][a-z0-9-]{1,58}[a-z0-9]$/.test(name),
);

/** What people call an uploaded certificate. */
export const certificateName: Reader<string> = text(
  "use 3 to 60 lower-case letters, digits and dashes, beginning with a letter, e.g. shop-2026",
  (name) => /^[a-z][a-z0-9-]{1,58}[a-z0-9]$/.test(name),
);

/** A host name that the router answers for. */
export const hostName: Reader<string> = text(
  "use a lower-case host name without port or path, e.g. shop.example.com",
  isHostName,
);

function isHostName(name: string): boolean {
  return name.length <= 253 && name.split(".").every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
}

/** A host name that the router answers for, or a wildcard for all names one label below it. */
export const servedName: Reader<string> = text(
  "use a lower-case host name without port or path, e.g. shop.example.com or *.shop.example.com",
  (name) => {
    const host = name.startsWith("*.") ? name.slice(2) : name;
    return isHostName(host) && (host === name || host.includes("."));
  },
);

/** Set by the platform, so no config var. */
const PLATFORM_VARIABLES: readonly string[] = ["PORT", "DYNO"];

/** Read by the dyno's init, which removes them before the app's command runs. */
const INIT_PREFIX = "DYNOFORM_";

/** Why `name` can be no config var, or undefined when it can. `attached`: the variables that add-ons set. */
export function configVarProblem(name: string, attached: readonly string[] = []): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return "is no name of a config var; use letters, digits and underscores, not beginning with a digit";
  }
  if (name === "__proto__") return "is a name that JavaScript keeps for itself; use another";
  if (PLATFORM_VARIABLES.includes(name)) return "is set by the platform and can be no config var; remove it";
  if (name.startsWith(INIT_PREFIX)) return `is no config var; names that begin with ${INIT_PREFIX} are the platform's`;
  if (attached.includes(name)) return "is set by an add-on of the app and can be no config var; remove one of them";
  return undefined;
}
