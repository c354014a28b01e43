/** What an app's stack file is to say, and why. */

import type { FormationSettings } from "../../model/app/formation.ts";
import type { Lab } from "../../model/app/labs.ts";
import type { AddonSettings } from "../../model/app/settings.ts";

/** A setting, and what is said of it in the file. */
export interface Said<T> {
  readonly value: T;
  readonly why: string;
}

export interface Declared {
  readonly name: string;
  /** The folder with the Procfile; undefined: it is pushed later. */
  readonly source?: Said<string>;
  readonly formation: Readonly<Record<string, Said<FormationSettings>>>;
  readonly addons: Readonly<Record<string, Said<AddonSettings>>>;
  readonly hosts: readonly string[];
  readonly labs: readonly Lab[];
  readonly maintenance: boolean;
  /** In clear. */
  readonly config: Readonly<Record<string, string>>;
}

/** What will not be here as it was, or has to be done by hand. */
export interface Remarks {
  /** Keeps the app from running here at all. */
  readonly blocking: string[];
  readonly others: string[];
}

/**
 * The text of the stack file, each line with what it is for.
 *
 * @param title what the file is about
 * @param sealed the config vars as Pulumi encrypted them
 */
export function stackFileText(title: string, declared: Declared, sealed: ReadonlyMap<string, string>): string {
  const { source, formation, addons, hosts, labs, maintenance } = declared;
  const lines = [
    `# ${title} \`npx dynoform up\` makes it, and adds what this stack's secrets need; commit the file.`,
    "config:",
    "  dynoform:app:",
  ];
  const add = (line: string, why: string) => lines.push(`    ${line} # ${why}`);
  if (source !== undefined) add(`source: { path: ${yaml(source.value)} }`, source.why);
  block("formation", formation, "how many dynos of each process type, and of what size");
  block("addons", addons, "by the name that the app finds them by: NAME sets NAME_URL");
  if (hosts.length > 0)
    add(
      `hosts: [${hosts.map(yaml).join(", ")}]`,
      "point their DNS here, and give them certificates with `heroku certs:add`",
    );
  if (labs.length > 0) add(`labs: [${labs.join(", ")}]`, "switched on at Heroku");
  if (maintenance) add("maintenance: true", "as at Heroku: every request gets a page that says so");
  if (lines.length === 3) lines[2] = "  dynoform:app: {} # nothing runs before its code is pushed";
  if (sealed.size > 0) {
    lines.push("  dynoform:config: # config vars, encrypted with the passphrase; `heroku config` shows them");
    for (const [name, secure] of sealed) lines.push(`    ${name}: { secure: ${yaml(secure)} }`);
  }
  return `${lines.join("\n")}\n`;

  function block(key: string, entries: Readonly<Record<string, Said<object>>>, why: string): void {
    if (Object.keys(entries).length === 0) return;
    add(`${key}:`, why);
    for (const [name, entry] of Object.entries(entries)) add(`  ${name}: ${flow(entry.value)}`, entry.why);
  }
}

function flow(value: object): string {
  const members = Object.entries(value).map(
    ([key, member]) => `${key}: ${typeof member === "object" && member !== null ? flow(member) : yaml(member)}`,
  );
  return `{ ${members.join(", ")} }`;
}

/** A scalar; JSON where it could be read as anything else. */
function yaml(value: unknown): string {
  const text = String(value);
  return typeof value !== "string" || /^[A-Za-z./][\w./:=+@-]*$/.test(text) ? text : JSON.stringify(text);
}
