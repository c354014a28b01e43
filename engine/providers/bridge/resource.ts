import type { CallContext, CheckFailure } from "../../src/plugin/contract.ts";
import type { PropertyMap } from "../../src/values/values.ts";
import type { Properties } from "./schema.ts";

/** What an operation gets besides its data. */
export interface Call<Client> extends CallContext {
  readonly client: Client;
  /** Seconds, from `customTimeouts`; 0 means the provider's own. */
  readonly timeout: number;
}

/**
 * One resource type of a bridged provider. It says what its properties are and talks to the system; the bridge
 * checks, compares and shapes. Every value it gets is plain and known, with `__defaults` on objects.
 * Errors: throw an `Error` with one line, or `InitError` for a resource made but not well.
 */
export interface BridgedResource<Client> {
  readonly properties: Properties;
  /** Terraform's, for `__meta`. */
  readonly schemaVersion?: number;
  /** Default timeouts of the real provider in seconds, for `__meta`. */
  readonly timeouts?: Readonly<Record<string, number>>;
  /** Even when the name is a generated one. */
  readonly deleteBeforeReplace?: boolean;
  /** What single properties cannot tell. */
  check?(inputs: PropertyMap): readonly CheckFailure[];
  /** Makes it; returns its id. The bridge reads it afterwards. */
  create(inputs: PropertyMap, call: Call<Client>): Promise<string>;
  /**
   * What is there. A property left out keeps its known value; null is a value that the plugin leaves out. The
   * bridge fills in what is missing. Undefined: the resource is gone.
   *
   * @param known inputs right after a create or update, the state's outputs in a refresh, `{}` in an import.
   */
  read(id: string, known: PropertyMap, call: Call<Client>): Promise<PropertyMap | undefined>;
  /** Required unless every property is `forceNew`. The id stays. */
  update?(change: Change, call: Call<Client>): Promise<void>;
  /** Must succeed when it is gone already. */
  delete(state: { readonly id: string; readonly outputs: PropertyMap }, call: Call<Client>): Promise<void>;
  /**
   * What an import names, where that is not the id alone.
   *
   * @throws Error with one line that says how it is named
   */
  importState?(id: string): { readonly id: string; readonly known: PropertyMap };
  /**
   * The id of what an interrupted create with these inputs left behind; undefined when nothing is there. Left out where
   * to create once more does no harm.
   */
  recover?(inputs: PropertyMap, call: Call<Client>): Promise<string | undefined>;
}

export interface Change {
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly oldInputs: PropertyMap;
  readonly oldOutputs: PropertyMap;
  readonly ignoreChanges: readonly string[];
}

/** A function of the package, as in `docker:index/getNetwork:getNetwork`. */
export interface BridgedFunction<Client> {
  readonly args: Properties;
  invoke(args: PropertyMap, client: Client, signal: AbortSignal): Promise<PropertyMap>;
}
