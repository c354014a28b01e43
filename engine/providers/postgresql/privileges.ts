import type { PropertyMap, PropertyValue } from "../../src/values/values.ts";

/** All privileges of a kind of object, which `ALL` stands for. */
const ALL: Readonly<Record<string, readonly string[]>> = {
  database: ["CREATE", "CONNECT", "TEMPORARY"],
  schema: ["CREATE", "USAGE"],
  table: ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"],
  sequence: ["SELECT", "UPDATE", "USAGE"],
  function: ["EXECUTE"],
  type: ["USAGE"],
};

/** The words of a GRANT. */
export function privilegesOf(inputs: PropertyMap): string[] {
  const privileges = listOf(inputs.privileges);
  const known = [...(ALL[String(inputs.objectType)] ?? []), "TEMP", "MAINTAIN", "ALL"];
  const wrong = privileges.filter((privilege) => !known.includes(privilege.toUpperCase()));
  if (wrong.length > 0) {
    throw new Error(
      `"${wrong.join('", "')}" is no privilege on a ${inputs.objectType}; there are ${known.join(", ")}, in capitals`,
    );
  }
  return privileges;
}

/**
 * What to keep in the state of privileges that were found: the program's own words where they say the same.
 *
 * @param found of each object; none: there is nothing to grant on, so whatever the program says holds
 */
export function heldPrivileges(
  objectType: string,
  known: PropertyValue | undefined,
  found: readonly (readonly string[])[],
): string[] {
  const wanted = listOf(known);
  const meant = expand(objectType, wanted);
  const other = found.find(
    (held) => !sameSet(expand(objectType, held), meant) && !(wanted.includes("ALL") && held.length >= meant.length),
  );
  return other === undefined ? wanted : [...other];
}

function expand(objectType: string, privileges: readonly string[]): string[] {
  if (privileges.includes("ALL")) return [...(ALL[objectType] ?? [])];
  return privileges.map((privilege) => (privilege === "TEMP" ? "TEMPORARY" : privilege));
}

function sameSet(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((item) => right.includes(item));
}

export function listOf(value: PropertyValue | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
