/** Faults of the engine, put in by hand around it: a trial has to find each. */
import type { Snapshot } from "../../../../engine/src/deploy/types.ts";
import { isThing } from "./checks.ts";

/**
 * `lostEdit`: of a state that is written, the rename is told to be done and is not. `deleteOrder`: things are deleted
 * before what depends on them. `earlySave`: updates are saved before the provider has answered.
 */
export type Fault = "none" | "lostEdit" | "deleteOrder" | "earlySave";

/** Nobody knows who needs whom. */
export function withoutOrder({ resources, pendingOperations }: Snapshot): Snapshot {
  const without = resources.map((state) =>
    isThing(state) ? { ...state, dependencies: undefined, propertyDependencies: undefined } : state,
  );
  return { resources: without, pendingOperations };
}

/** Updates that are under way are taken for done. */
export function savedEarly({ resources, pendingOperations }: Snapshot): Snapshot {
  const updating = pendingOperations.filter(({ type }) => type === "updating").map(({ resource }) => resource);
  return {
    resources: resources.map((state) => {
      const done = updating.find(({ urn }) => urn === state.urn && !state.delete);
      return done ? { ...state, inputs: done.inputs } : state;
    }),
    pendingOperations: pendingOperations.filter(({ type }) => type !== "updating"),
  };
}
