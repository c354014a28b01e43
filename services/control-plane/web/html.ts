/** Markup that is safe to send: everything else is escaped where it is put in. */
export class Html {
  readonly text: string;

  /** @param text markup of our own, never a user's words */
  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What may stand in a template; what is not there (undefined, null, false) shows nothing. */
type Part = Html | string | number | boolean | null | undefined | readonly Part[];

/** Makes markup of a template: texts in it are escaped, for elements and for attributes in double quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = strings[0] ?? "";
  for (const [index, part] of parts.entries()) text += shown(part) + (strings[index + 1] ?? "");
  return new Html(text);
}

/** A name-only attribute, e.g. `checked`, when `on`. */
export function flag(name: string, on: boolean): Html {
  return new Html(on ? ` ${name}` : "");
}

function shown(part: Part): string {
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return part.map(shown).join("");
  if (part === undefined || part === null || part === false || part === true) return "";
  return escaped(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
