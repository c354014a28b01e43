import { needs } from "./journal.ts";
import type { DeploymentOptions, ResourceState } from "./types.ts";
import { isProviderType, stackType, typeOf } from "./urn.ts";

/** Which resources a deployment is about: `--target` and `--exclude`, with "*" and "**" in URNs. */
export class Targets {
  readonly #targets: readonly RegExp[];
  readonly #excludes: readonly RegExp[];
  readonly #dependents: boolean;
  /** Dependents of targets found on the way, when these are wanted too. */
  readonly #found = new Set<string>();

  constructor(options: Pick<DeploymentOptions, "targets" | "excludes" | "targetDependents">) {
    this.#targets = options.targets.map(globPattern);
    this.#excludes = options.excludes.map(globPattern);
    this.#dependents = options.targetDependents;
  }

  /** Whether all resources are meant. */
  get all(): boolean {
    return this.#targets.length === 0 && this.#excludes.length === 0;
  }

  /** Whether a resource that the program registers is meant; the stack and providers always are. */
  includes(state: ResourceState): boolean {
    const type = typeOf(state.urn);
    if (type === stackType || isProviderType(type)) return true;
    return this.includesExactly(state);
  }

  /** Whether a resource is meant by what the user said, as a delete or refresh needs it. */
  includesExactly(state: ResourceState): boolean {
    if (this.all) return true;
    if (this.#excludes.some((pattern) => pattern.test(state.urn))) return false;
    if (this.#targets.length === 0) return true;
    const targeted =
      this.#targets.some((pattern) => pattern.test(state.urn)) ||
      (this.#dependents && [...needs(state)].some((urn) => this.#found.has(urn)));
    if (targeted) this.#found.add(state.urn);
    return targeted;
  }
}

/** A URN with "*" for anything but separators and "**" for anything at all. */
export function globPattern(glob: string): RegExp {
  const source = glob.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace(/\*\*|\*/g, (stars) => {
    return stars === "**" ? ".*" : "[^:$]*";
  });
  return new RegExp(`^${source}$`, "s");
}
