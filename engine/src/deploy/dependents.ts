import type { Differ } from "./differ.ts";
import type { Entry, Journal } from "./journal.ts";
import { needs } from "./order.ts";
import type { ResourceState } from "./types.ts";
import { splitReference } from "./urn.ts";

/**
 * The old resources that cannot stay while `root` is deleted and made again, in their order.
 *
 * @param isOut what is out of question: gone already, or the program's and no dependent any more
 */
export async function dependentsOf(
  root: Entry,
  journal: Journal,
  differ: Differ,
  isOut: (entry: Entry) => boolean,
): Promise<Entry[]> {
  const gone = new Set([root.state.urn]);
  const dependents: Entry[] = [];
  for (const entry of journal.base.slice(journal.base.indexOf(root) + 1)) {
    if (isOut(entry) || !(await mustGoWith(entry.state, gone, differ))) continue;
    gone.add(entry.state.urn);
    dependents.push(entry);
  }
  return dependents;
}

async function mustGoWith(state: ResourceState, gone: ReadonlySet<string>, differ: Differ): Promise<boolean> {
  if (!state.custom || state.external || ![...needs(state)].some((urn) => gone.has(urn))) return false;
  if (state.provider && gone.has(splitReference(state.provider).urn)) return true;
  if (state.deletedWith && gone.has(state.deletedWith)) return true;
  const touched = Object.entries(state.propertyDependencies ?? {})
    .filter(([, urns]) => urns.some((urn) => gone.has(urn)))
    .map(([key]) => key);
  return touched.length > 0 && differ.isReplacedBy(state, touched);
}
