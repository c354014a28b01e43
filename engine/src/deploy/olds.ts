import { aliasUrns, type StackName } from "./aliases.ts";
import type { Goal } from "./goal.ts";
import type { Entry, Journal } from "./journal.ts";
import type { Refuse } from "./refusals.ts";

interface OldsContext extends StackName {
  readonly journal: Journal;
  readonly refuse: Refuse;
}

/** Finds what the goals of a program were at the last deployment, by their names and by those that they had. */
export class Olds {
  readonly #context: OldsContext;
  readonly #byUrn = new Map<string, Entry>();
  /** The old names under which goals were found. */
  readonly #aliased = new Map<string, string>();
  /** Whose each old resource is now. */
  readonly #claimed = new Map<Entry, string>();

  constructor(context: OldsContext) {
    this.#context = context;
    for (const entry of context.journal.base) {
      const { urn, delete: leftover } = entry.state;
      if (!leftover && !this.#byUrn.has(urn)) this.#byUrn.set(urn, entry);
    }
  }

  /** The old resource of a goal, which nobody else can be from now on. @throws Error when it is another's already */
  claim(goal: Goal, urn: string): Entry | undefined {
    const parentWas = goal.parent ? this.#aliased.get(goal.parent) : undefined;
    const aliases = aliasUrns(goal, urn, this.#context, parentWas ? [parentWas] : []);
    for (const name of [urn, ...aliases]) {
      const old = this.#byUrn.get(name);
      if (!old) continue;
      const claimant = this.#claimed.get(old);
      if (claimant !== undefined) throw this.#context.refuse(urn, conflictMessage(urn, name, claimant));
      this.#claimed.set(old, urn);
      if (name !== urn) {
        this.#aliased.set(urn, name);
        this.#context.journal.rename(name, urn);
      }
      return old;
    }
    return undefined;
  }

  /** Whether the program registered the old resource, under whatever name. */
  isClaimed(old: Entry): boolean {
    return this.#claimed.has(old);
  }

  /** The name that a registered resource had. */
  nameBefore(urn: string): string {
    return this.#aliased.get(urn) ?? urn;
  }
}

function conflictMessage(urn: string, name: string, claimant: string): string {
  return name === urn
    ? `Duplicate resource URN '${urn}' conflicting with alias on resource with URN '${claimant}'`
    : `Duplicate resource alias '${name}' applied to resource with URN '${urn}' conflicting with resource with URN '${claimant}'`;
}
