import type { Alias, Goal } from "./goal.ts";
import { formatUrn, nameOf, parseUrn, qualifyType } from "./urn.ts";

/** The project and stack of a deployment. */
export interface StackName {
  readonly stack: string;
  readonly project: string;
}

/**
 * Every URN that the resource may have had, its own left out: what its aliases say, and the same below each
 * name that its parent was found under (children named after their parent follow its renaming).
 */
export function aliasUrns(goal: Goal, own: string, at: StackName, parentWas: readonly string[]): string[] {
  const urns = new Set<string>();
  for (const alias of [{}, ...goal.aliases]) {
    urns.add(aliasUrn(alias, goal, at, goal.parent, goal.name));
    if (typeof alias === "string" || (alias.parent !== undefined && alias.parent !== goal.parent)) continue;
    for (const parent of parentWas) {
      const inherited = { ...alias, parent };
      urns.add(aliasUrn(inherited, goal, at, parent, alias.name ?? renamed(goal, parent)));
    }
  }
  urns.delete(own);
  return [...urns];
}

function aliasUrn(alias: Alias, goal: Goal, at: StackName, parent: string | undefined, name: string): string {
  if (typeof alias === "string") return alias;
  return formatUrn({
    stack: alias.stack || at.stack,
    project: alias.project || at.project,
    qualifiedType: qualifyType(alias.parent ?? parent, alias.type || goal.type),
    name: alias.name || name,
  });
}

/** `web-db` below a parent `web` that was called `site` was `site-db`. */
function renamed(goal: Goal, parentWas: string): string {
  const parent = goal.parent ? parseUrn(goal.parent).name : "";
  if (!parent || !goal.name.startsWith(parent)) return goal.name;
  return nameOf(parentWas) + goal.name.slice(parent.length);
}
