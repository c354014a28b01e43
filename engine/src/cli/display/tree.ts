/** A stack's resources as a tree of parents and children. */
import type { RawResource } from "../../state/resource-json.ts";
import { resourceName, shortType } from "./names.ts";

export function resourceTree(resources: readonly RawResource[], show: { urns: boolean; ids: boolean }): string {
  const children = new Map<string, RawResource[]>();
  const known = new Set(resources.map(({ urn }) => urn));
  const roots: RawResource[] = [];
  for (const resource of resources) {
    const parent = typeof resource.parent === "string" ? resource.parent : "";
    if (known.has(parent)) children.set(parent, [...(children.get(parent) ?? []), resource]);
    else roots.push(resource);
  }
  const rows: { label: string; name: string; notes: string[]; indent: string }[] = [];
  const walk = (resource: RawResource, branch: string, indent: string) => {
    const notes = [
      ...(show.urns ? [`URN: ${resource.urn}`] : []),
      ...(show.ids && resource.id ? [`ID: ${resource.id}`] : []),
    ];
    rows.push({ label: branch + shortType(resource.type), name: resourceName(resource.urn), notes, indent });
    const below = resource.delete === true ? [] : (children.get(resource.urn) ?? []);
    for (const [index, child] of below.entries()) {
      const last = index === below.length - 1;
      walk(child, `${indent}${last ? "└─ " : "├─ "}`, `${indent}${last ? "   " : "│  "}`);
    }
  };
  for (const root of roots) walk(root, "", "");
  const width = Math.max("TYPE".length, ...rows.map(({ label }) => label.length));
  const lines = rows.flatMap(({ label, name, notes, indent }) => [
    `    ${label.padEnd(width)}  ${name}`,
    ...notes.map((note) => `    ${indent}   ${note}`),
  ]);
  return `    ${"TYPE".padEnd(width)}  NAME\n${lines.join("\n")}\n`;
}
