import { needs } from "./order.ts";
import type { DeploymentOptions, ResourceState } from "./types.ts";
import { isProviderType, stackType, typeOf } from "./urn.ts";

type TargetOptions = Pick<
  DeploymentOptions,
  "targets" | "targetDependents" | "excludes" | "excludeDependents" | "excludeProtected"
>;

/** Which resources a deployment is about: `--target` and `--exclude`, with "*" and "**" in URNs. */
export class Targets {
  readonly #options: TargetOptions;
  readonly #targets: readonly RegExp[];
  readonly #excludes: readonly RegExp[];
  /** Dependents found on the way: of targets or of what is excluded, where these count as such themselves. */
  readonly #targeted = new Set<string>();
  readonly #excluded = new Set<string>();

  constructor(options: TargetOptions) {
    this.#options = options;
    this.#targets = options.targets.map(globPattern);
    this.#excludes = options.excludes.map(globPattern);
  }

  /** Whether only some resources are meant, and these by their names. */
  get named(): boolean {
    return this.#targets.length > 0;
  }

  /** Whether a resource that the program registers is meant; the stack and providers always are. */
  includes(state: ResourceState): boolean {
    const type = typeOf(state.urn);
    const exactly = this.includesExactly(state);
    return type === stackType || isProviderType(type) || exactly;
  }

  /** Whether a resource is meant by what the user said, as a delete or refresh needs it. Asked in topological order. */
  includesExactly(state: ResourceState): boolean {
    const { urn } = state;
    if (this.#excludes.some((pattern) => pattern.test(urn)) || this.#follows(state, "excludeDependents")) {
      this.#excluded.add(urn);
      return false;
    }
    if (!this.named) return true;
    const targeted =
      this.#targeted.has(urn) ||
      this.#targets.some((pattern) => pattern.test(urn)) ||
      this.#follows(state, "targetDependents");
    if (targeted) this.#targeted.add(urn);
    return targeted;
  }

  /** Whether a delete is meant: as `includesExactly`, but for what is protected and may be left (`--exclude-protected`). */
  includesDelete(state: ResourceState): boolean {
    return this.includesExactly(state) && !(this.#options.excludeProtected && state.protect);
  }

  /** Whether the user named the resource as a target. */
  names({ urn }: ResourceState): boolean {
    return this.#targets.some((pattern) => pattern.test(urn));
  }

  #follows(state: ResourceState, option: "targetDependents" | "excludeDependents"): boolean {
    if (!this.#options[option]) return false;
    const found = option === "targetDependents" ? this.#targeted : this.#excluded;
    return found.size > 0 && [...needs(state)].some((urn) => found.has(urn));
  }
}

/** What of these URNs names no resource; patterns may well match none. */
export function unknownUrns(given: readonly string[], known: Iterable<string>): string[] {
  const urns = new Set(known);
  return given.filter((urn) => !urn.includes("*") && !urns.has(urn));
}

/** What is wrong with a URN that names no resource. */
export function unknownUrnMessage(urn: string): string {
  const hint = urn.includes("$") ? "" : " Did you forget to escape $ in your shell?";
  return `Target '${urn}' could not be found in the stack.${hint}`;
}

/** A URN with "*" for anything but separators and "**" for anything at all. */
export function globPattern(glob: string): RegExp {
  const source = glob.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace(/\*\*|\*/g, (stars) => {
    return stars === "**" ? ".*" : "[^:$]*";
  });
  return new RegExp(`^${source}$`, "s");
}
