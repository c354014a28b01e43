import { isMap, isScalar, LineCounter, parseDocument, Scalar } from "yaml";
import type { Problems } from "../../lib/validation/problems.ts";
import { CONFIG } from "../../model/stack/keys.ts";
import type { WrittenFile } from "./written-file.ts";

/** Numbers and booleans that every reader of YAML takes for what they print as. */
const PLAIN = /^(-?[1-9]\d{0,14}|0|true|false)$/;

/**
 * Texts without quotes that a reader of YAML 1.1 (the real CLI's is one) or 1.2 (ours) takes for something other than
 * text: numbers with signs, points, exponents, underscores or another base, other spellings of null and booleans.
 */
const AMBIGUOUS = [
  /^(~|null|Null|NULL|True|TRUE|False|FALSE|<<)?$/,
  /^[-+]?(0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[\d_]*\d[\d_]*)$/,
  /^[-+]?(\.\d[\d_]*|\d[\d_]*(\.[\d_]*)?)([eE][-+]?\d+)?$/,
  /^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$/,
];
const DATE = /^\d{4}-\d\d?-\d\d?([Tt\s].*)?$/;

/**
 * Finds config vars that would reach an app as something other than what the file says, e.g. `01234` as 1234 or, by the
 * real CLI, as 668. What an engine hands to a program no longer shows it, so the file is read again.
 *
 * @param values as the engine handed them over
 * @param setting under which they stand in the file
 * @returns the names that were refused, a problem each
 */
export function refuseAmbiguous(
  file: WrittenFile,
  values: Readonly<Record<string, unknown>>,
  problems: Problems,
  setting = CONFIG,
): ReadonlySet<string> {
  const lineCounter = new LineCounter();
  const document = parseDocument(file.text, { lineCounter });
  const written = document.getIn(["config", setting], true);
  const refused = new Set<string>();
  if (!isMap(written)) return refused;
  for (const { key, value } of written.items) {
    const name = String(isScalar(key) ? key.value : key);
    const source = plainText(value);
    if (source === undefined || !(name in values) || !misread(source, values[name])) continue;
    refused.add(name);
    const at = isScalar(value) ? value.range?.[0] : undefined;
    const line = at === undefined ? "" : `:${lineCounter.linePos(at).line}`;
    problems.addLine(
      `${file.name}${line}: ${setting}.${name}: ${source === "" ? "an empty value" : source} without quotes is no text to ` +
        `every reader of YAML; write ${name}: "${source}"`,
    );
  }
  return refused;
}

/** The text of a value without quotes and tag; undefined for any other. */
function plainText(value: unknown): string | undefined {
  if (value === null) return "";
  if (!isScalar(value) || value.tag !== undefined) return undefined;
  if (value.type !== Scalar.PLAIN && value.type !== undefined) return undefined;
  return value.source ?? "";
}

/** @param received a text: another value than the file's may have taken its place, as in a preview of a change */
function misread(source: string, received: unknown): boolean {
  if (typeof received === "string") return DATE.test(source) && received !== source;
  return !PLAIN.test(source) && AMBIGUOUS.some((form) => form.test(source));
}
