/** What the plan of the house forbids, and cycles. Each function gives one line for each finding. */
import { isBuiltin } from "node:module";
import type { Import, Module } from "./modules.ts";
import type { Room } from "./plan.ts";

type Plan = Readonly<Record<string, Room>>;

/** The room that a path lies in: the longest one of the plan. */
export function roomOf(plan: Plan, path: string): string | undefined {
  const rooms = Object.keys(plan).filter((room) => path === room || path.startsWith(`${room}/`));
  return rooms.sort((a, b) => b.length - a.length)[0];
}

/** Imports of what a room may not know, and modules that lie in no room. What lies within a room is known to it. */
export function forbidden(plan: Plan, modules: readonly Module[]): string[] {
  return modules.flatMap(({ path, imports }) => {
    const room = roomOf(plan, path);
    if (room === undefined) return [`${path} lies in no room of the plan`];
    return imports.flatMap((each) => problemOf(plan, room, each) ?? []);
  });
}

function problemOf(plan: Plan, room: string, { from, to, local }: Import): string | undefined {
  const { knows, packages } = plan[room] as Room;
  if (knows.includes("*") || to.endsWith(".json")) return undefined;
  if (!local) {
    const name = /^(@[^/]+\/)?[^/]+/.exec(to)?.[0] ?? to;
    const allowed = packages === undefined || packages.includes(name) || isBuiltin(to);
    return allowed ? undefined : `${from} imports ${to}; ${room} may have ${packages?.join(", ") || "no packages"}`;
  }
  const other = roomOf(plan, to);
  if (other === room || other?.startsWith(`${room}/`) === true) return undefined;
  if (other !== undefined && knows.includes(other)) return undefined;
  return `${from} imports ${to}; ${room} may know ${knows.join(", ") || "no other room"}`;
}

/** Files that import each other, however long the way round. */
export function cycles(modules: readonly Module[]): string[] {
  const next = new Map(modules.map(({ path, imports }) => [path, imports.map(({ to }) => to)]));
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path);
    if (at >= 0) {
      found.push([...way.slice(at), path].join(" → "));
      return;
    }
    if (done.has(path)) return;
    for (const to of next.get(path) ?? []) if (next.has(to)) visit(to, [...way, path]);
    done.add(path);
  };
  for (const path of next.keys()) visit(path, []);
  return found;
}

/** It holds rooms and is none. */
const SHELF = /^services\//;

/**
 * Folders beside each other that import each other. What is loaded when it is wanted, by `import()`, does not count: so the
 * engine finds the providers that it brings along.
 */
export function mutualFolders(modules: readonly Module[]): string[] {
  const pairs = new Map<string, string>();
  for (const { from, to, local, lazy } of modules.flatMap(({ imports }) => imports)) {
    if (lazy || !local) continue;
    const [a = [], b = []] = [from, to].map((path) => path.replace(SHELF, "services:").split("/"));
    let depth = 0;
    while (a[depth] === b[depth]) depth++;
    if (depth >= a.length - 1 || depth >= b.length - 1) continue;
    pairs.set([a, b].map((path) => path.slice(0, depth + 1).join("/")).join(" "), `${from} imports ${to}`);
  }
  return [...pairs].flatMap(([pair, example]) => {
    const [a = "", b = ""] = pair.split(" ");
    const back = pairs.get(`${b} ${a}`);
    return a < b && back !== undefined ? [`${a} and ${b} know each other: ${example}; ${back}`] : [];
  });
}

/** Exported values that no other module names. */
export function unusedExports(modules: readonly Module[]): string[] {
  const used = new Set<string>();
  for (const { to, names } of modules.flatMap(({ imports }) => imports))
    for (const name of names) used.add(`${to} ${name}`);
  return modules.flatMap(({ path, exports }) =>
    exports.filter((name) => !used.has(`${path} ${name}`) && !used.has(`${path} *`)).map((name) => `${path}: ${name}`),
  );
}
