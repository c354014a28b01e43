/** What is "really there": things that two packages make, in the accounts that their providers are configured with. */
import { setImmediate as round } from "node:timers/promises";
import { nameOf } from "../../../../engine/src/deploy/urn.ts";
import {
  type CreateRequest,
  type CreateResult,
  type DeleteRequest,
  type DiffRequest,
  type DiffResult,
  InitError,
  type Provider,
  type ReadRequest,
  type ReadResult,
  type RecoverRequest,
  type UpdateRequest,
} from "../../../../engine/src/plugin/contract.ts";
import { diffProperties } from "../../../../engine/src/plugin/diff.ts";
import { parsePath } from "../../../../engine/src/values/paths.ts";
import type { PropertyMap } from "../../../../engine/src/values/values.ts";
import { Cut } from "./disk.ts";

/** Its things can be found by their names after a crash; those of `mute` cannot. */
export const packages = ["fake", "mute"] as const;

type Operation = "create" | "update" | "delete" | "read" | "recover";

/** How a provider's call goes wrong. */
export interface CallFault {
  readonly operation: Operation;
  /** Of the resource. */
  readonly name: string;
  /**
   * `refuse`: it is not done. `hide`: it is done, and told to have failed. `partial`: it is done in part (InitError).
   * `cutBefore`, `cutAfter`: the process is gone before or after it is done. `cancel`: somebody presses Ctrl-C then.
   */
  readonly mode: "refuse" | "hide" | "partial" | "cutBefore" | "cutAfter" | "cancel";
}

export interface Thing {
  readonly id: string;
  readonly urn: string;
  readonly account: number;
  readonly inputs: PropertyMap;
  /** How often it was changed. */
  readonly version: number;
}

/** A change that was made, in order. */
interface Change {
  readonly operation: "create" | "update" | "delete";
  readonly thing: Thing;
}

/** A process that calls providers, while it lives. */
export interface Caller {
  alive: boolean;
  readonly faults: readonly CallFault[];
  readonly cut: () => void;
  readonly cancel: () => void;
}

export class Land {
  readonly things = new Map<string, Thing>();
  /** What the last process changed. */
  changes: Change[] = [];
  /** Ids of things that are not what the last answer about them said. */
  readonly uncertain = new Set<string>();
  #last = 0;
  #calls = 0;
  #caller: Caller | undefined;

  begin(caller: Caller): void {
    this.#caller = caller;
    this.changes = [];
  }

  clear(): void {
    this.things.clear();
    this.uncertain.clear();
    this.changes = [];
    this.#last = 0;
    this.#calls = 0;
  }

  /** Providers for the process that has begun. */
  providers(): Record<string, () => Provider> {
    const caller = this.#caller as Caller;
    return Object.fromEntries(packages.map((name) => [name, () => this.#provider(name, caller)]));
  }

  readonly outputsOf = ({ id, inputs, version }: Thing): PropertyMap => ({ ...inputs, token: tokenOf(id), version });

  /** A thing goes behind the engine's back, with what goes with it. */
  lose(id: string): void {
    this.#remove(id);
    this.uncertain.add(id);
  }

  #remove(id: string): void {
    this.things.delete(id);
    for (const thing of [...this.things.values()]) if (thing.inputs.owner === tokenOf(id)) this.lose(thing.id);
  }

  put(thing: Thing): void {
    this.things.set(thing.id, thing);
  }

  #provider(name: string, caller: Caller): Provider {
    let account = 0;
    /** Runs what a call does, with the fault that it has. */
    const call = async <T>(
      operation: Operation,
      urn: string,
      act: () => T,
      partly: (done: T) => Error,
      hidden: (done: T) => void,
    ): Promise<T> => {
      await this.#pause();
      if (!caller.alive) throw new Cut();
      const mode = caller.faults.find((fault) => fault.operation === operation && fault.name === nameOf(urn))?.mode;
      if (mode === "refuse") throw new Error(`will not ${operation} ${nameOf(urn)}`);
      if (mode === "cutBefore") return this.#cut(caller);
      const done = act();
      if (mode === "cancel") caller.cancel();
      if (mode === "cutAfter") return this.#cut(caller);
      if (mode === "partial") throw partly(done);
      if (mode === "hide") {
        hidden(done);
        throw new Error(`lost the answer to ${operation} ${nameOf(urn)}`);
      }
      return done;
    };
    const failed = (operation: string) => () => new Error(`cannot ${operation} it all`);
    const nothing = () => {};
    const find = (id: string) => {
      const thing = this.things.get(id);
      return thing?.account === account && packageOf(thing) === name ? thing : undefined;
    };
    const read = (thing: Thing | undefined): ReadResult | undefined =>
      thing && { id: thing.id, inputs: thing.inputs, outputs: this.outputsOf(thing) };
    return {
      name,
      version: "1.0.0",
      configure: async (config) => {
        account = Number(config.account ?? 0);
      },
      diffConfig: async ({ oldInputs, news }) => {
        const changes = JSON.stringify(oldInputs) !== JSON.stringify(news);
        return { changes, replaces: oldInputs.account === news.account ? [] : ["account"] };
      },
      check: async ({ news }) => ({
        inputs: news,
        failures: news.bad === undefined ? [] : [{ property: "bad", reason: "is bad" }],
      }),
      diff: async (request) => diff(request),
      create: ({ urn, inputs }: CreateRequest) =>
        call<CreateResult>(
          "create",
          urn,
          () => {
            const thing = { id: `${nameOf(urn)}-${++this.#last}`, urn, account, inputs, version: 1 };
            this.put(thing);
            this.changes.push({ operation: "create", thing });
            return { id: thing.id, outputs: this.outputsOf(thing) };
          },
          ({ id, outputs }) => new InitError(id, outputs, ["not ready yet"]),
          // Nobody can know of it: whoever made it has to look for it.
          ({ id }) => this.things.delete(id),
        ),
      read: ({ urn, id }: ReadRequest) => call("read", urn, () => read(find(id)), failed("read"), nothing),
      update: ({ urn, id, news }: UpdateRequest) =>
        call<PropertyMap>(
          "update",
          urn,
          () => {
            const before = find(id);
            if (!before) throw new Error(`there is no ${id} in account ${account}`);
            const thing = { ...before, urn, inputs: news, version: before.version + 1 };
            this.put(thing);
            this.changes.push({ operation: "update", thing });
            return this.outputsOf(thing);
          },
          (outputs) => new InitError(id, outputs, ["not ready yet"]),
          () => this.uncertain.add(id),
        ),
      delete: ({ urn, id }: DeleteRequest) =>
        call<void>(
          "delete",
          urn,
          () => {
            const thing = find(id);
            if (!thing) return;
            this.#remove(id);
            this.changes.push({ operation: "delete", thing });
          },
          () => {
            this.uncertain.add(id);
            return new Error("cannot delete it all");
          },
          () => this.uncertain.add(id),
        ),
      invoke: async () => ({ outputs: {} }),
      ...(name === "fake" && {
        recover: ({ urn }: RecoverRequest) =>
          call(
            "recover",
            urn,
            () => {
              const found = [...this.things.values()].findLast(
                (thing) => nameOf(thing.urn) === nameOf(urn) && find(thing.id) !== undefined,
              );
              return read(found);
            },
            failed("recover"),
            nothing,
          ),
      }),
    };
  }

  /** Some calls take longer than others. */
  async #pause(): Promise<void> {
    this.#calls++;
    for (let rounds = (this.#calls * 7) % 4; rounds > 0; rounds--) await round();
  }

  #cut(caller: Caller): never {
    caller.alive = false;
    caller.cut();
    throw new Cut();
  }
}

export function tokenOf(id: string): string {
  return `token of ${id}`;
}

function packageOf({ urn }: Pick<Thing, "urn">): string {
  return /([a-z]+):index:Thing::[^$]*$/.exec(urn)?.[1] ?? "";
}

/** A changed `key` needs another thing, a changed `slot` one that cannot be there beside the old one. */
function diff({ oldInputs, news, ignoreChanges }: DiffRequest): DiffResult {
  const detailedDiff = diffProperties(oldInputs, news);
  for (const path of ignoreChanges) delete detailedDiff[path];
  const keys = new Set(Object.keys(detailedDiff).map((path) => String(parsePath(path)[0])));
  const replaces = [...keys].filter((key) => ["key", "slot"].includes(key));
  for (const [path, change] of Object.entries(detailedDiff)) {
    if (!replaces.includes(String(parsePath(path)[0]))) continue;
    detailedDiff[path] = { ...change, kind: `${change.kind as "update"}-replace` };
  }
  return { changes: keys.size > 0, replaces, detailedDiff, deleteBeforeReplace: replaces.includes("slot") };
}
