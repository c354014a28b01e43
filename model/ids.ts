import { createHash } from "node:crypto";

/**
 * A UUID that follows from what it names, so that clients find the same thing again and nothing has to be kept.
 *
 * @param parts e.g. `"dynoform", "app", "shop"`
 */
export function stableId(...parts: readonly string[]): string {
  const bytes = createHash("sha256").update(JSON.stringify(parts)).digest().subarray(0, 16);
  // Version 8 is "made in the maker's own way"; the variant is RFC 9562's.
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
