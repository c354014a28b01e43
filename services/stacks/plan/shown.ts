import { isRecord } from "../../../lib/validation/readers.ts";

/** Characters of a value that are shown. */
const LONGEST = 80;

/** What stands in Pulumi's records for what is known only once it was done. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** By which Pulumi marks secrets, assets and the like. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** A value of a resource's for people, in one line. Nothing of a secret is in it. */
export function shown(value: unknown): string {
  const text = value === UNKNOWN ? "(not known yet)" : JSON.stringify(plain(value));
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}

function plain(value: unknown): unknown {
  if (value === UNKNOWN) return "(not known yet)";
  if (Array.isArray(value)) return value.map(plain);
  if (!isRecord(value)) return value;
  if ("ciphertext" in value || "plaintext" in value) return "[secret]";
  if (SIGNATURE in value) return "(file)";
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}
