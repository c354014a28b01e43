/** Runs cases: each act by a process of its own, as far as state and things are concerned, and looks at what it leaves. */
import assert from "node:assert/strict";
import type { ResourceState, Snapshot } from "../../../../engine/src/deploy/types.ts";
import { nameOf } from "../../../../engine/src/deploy/urn.ts";
import { type Deployed, run } from "../../../../engine/src/embed/run.ts";
import type { Backend } from "../../../../engine/src/state/backend.ts";
import { CheckpointCodec, parseCheckpoint } from "../../../../engine/src/state/checkpoint.ts";
import { contradictionOf } from "../../../../engine/src/state/integrity.ts";
import { openBackend } from "../../../../engine/src/state/open-backend.ts";
import { PassphraseManager } from "../../../../engine/src/state/passphrase.ts";
import { StateWriter } from "../../../../engine/src/state/state-writer.ts";
import { Secret } from "../../../../engine/src/values/values.ts";
import { InlineServer } from "../inline.ts";
import { baseOf, checkOrder, checkState, isThing } from "./checks.ts";
import { Disk } from "./disk.ts";
import type { Act, Case } from "./faults.ts";
import { type Fault, savedEarly, withoutOrder } from "./hand.ts";
import { type Caller, Land } from "./land.ts";
import { calm, type Program, programOf } from "./programs.ts";

const stackName = { project: "project", stack: "test" };

/** An act in which nothing goes wrong. */
const plain: Act = {
  program: 0,
  kind: "update",
  dryRun: false,
  refresh: false,
  runProgram: false,
  continueOnError: false,
  parallel: 8,
  aim: undefined,
  calls: [],
  disk: undefined,
  lost: undefined,
  drifted: undefined,
};

interface Outcome {
  /** Undefined: it came to no end. */
  readonly result?: Deployed;
  readonly error?: unknown;
  /** All that it saved, but for the state that it ended with. */
  readonly saved: readonly Snapshot[];
  /** How many changes it made to the disk. */
  readonly writes: number;
}

export class Trial implements AsyncDisposable {
  readonly #land = new Land();
  readonly #disk = new Disk();
  readonly #server: InlineServer;
  readonly #manager: PassphraseManager;
  readonly #fault: Fault;

  private constructor(server: InlineServer, manager: PassphraseManager, fault: Fault) {
    this.#server = server;
    this.#manager = manager;
    this.#fault = fault;
    if (fault === "lostEdit") this.#disk.losesRename = 5;
  }

  static async start(fault: Fault = "none"): Promise<Trial> {
    const manager = await PassphraseManager.create(async () => "test");
    return new Trial(await InlineServer.start(), manager, fault);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  /** @throws AssertionError with what is not as it has to be */
  async run({ programs, acts, last, ending }: Case): Promise<void> {
    this.#land.clear();
    this.#disk.clear();
    for (const act of acts) await this.#try(act, programs[act.program] ?? []);
    const program = calm(last);
    await this.#converge(program);
    if (ending === "again") await this.#again(program);
    else await this.#destroy();
  }

  async #try(act: Act, program: Program): Promise<Outcome> {
    const before = await this.#read();
    this.#change(before, act);
    const outcome = await this.#act(act, program, before);
    const { error, saved, writes } = outcome;
    if (act.dryRun) assert.deepEqual([this.#land.changes, writes], [[], 0], "a preview changes nothing");
    const after = await this.#read();
    // With these, what is to be replaced may be deleted first, and then not made.
    if (!act.continueOnError || act.calls.length === 0) checkOrder(this.#land);
    checkState(
      after,
      this.#land,
      [before, ...saved].flatMap(({ resources }) => resources),
    );
    if (error && act.disk === undefined && !act.calls.some(({ mode }) => mode.startsWith("cut"))) throw error;
    return outcome;
  }

  /** What happens behind the engine's back. */
  #change({ resources }: Snapshot, { lost, drifted }: Act): void {
    const find = (place: number | undefined) =>
      resources.find((state) => isThing(state) && baseOf(state.urn) === `r${place}` && !state.delete)?.id ?? "";
    if (this.#land.things.has(find(lost))) this.#land.lose(find(lost));
    const thing = this.#land.things.get(find(drifted));
    if (!thing) return;
    this.#land.put({ ...thing, inputs: { ...thing.inputs, value: 9 }, version: thing.version + 1 });
    this.#land.uncertain.add(thing.id);
  }

  async #act(act: Act, program: Program, snapshot: Snapshot): Promise<Outcome> {
    const { kind, dryRun, refresh, runProgram, continueOnError, parallel, aim, calls } = act;
    const cancel = new AbortController();
    const terminate = new AbortController();
    const caller: Caller = {
      alive: true,
      faults: calls,
      cut: () => {
        caller.alive = false;
        this.#disk.end();
        terminate.abort();
      },
      cancel: () => cancel.abort(),
    };
    const folder = this.#disk.begin(act.disk, caller.cut);
    this.#land.begin(caller);
    this.#server.program = programOf(program);
    const codec = this.#codec();
    const writer = new StateWriter(this.#backend(folder), stackName, codec, true);
    const saved: Snapshot[] = [];
    const persist = async (next: Snapshot) => {
      saved.push(next);
      await writer.persist(this.#fault === "earlySave" ? savedEarly(next) : next);
    };
    const names = aim?.chosen.flatMap((place) => [`**::r${place}`, `**::r${place}b`]) ?? [];
    try {
      // The state as this process reads it.
      const start = await codec.decode(await this.#deployment(folder));
      assert.equal(start.resources.length, snapshot.resources.length);
      const result = await run(
        {
          ...stackName,
          root: process.cwd(),
          kind,
          dryRun,
          refresh,
          runProgram,
          continueOnError,
          parallel,
          providers: this.#land.providers(),
          ...(kind === "update" || runProgram ? { program: { languageServer: this.#server.address } } : {}),
          ...(aim && {
            [aim.by]: names,
            [aim.by === "targets" ? "targetDependents" : "excludeDependents"]: aim.dependents,
          }),
        },
        this.#fault === "deleteOrder" && kind === "destroy" ? withoutOrder(start) : start,
        { persist, cancel: cancel.signal, terminate: terminate.signal },
      );
      if (!dryRun) await writer.persist(result.snapshot);
      return { result, saved, writes: this.#disk.changes };
    } catch (error) {
      return { error, saved, writes: this.#disk.changes };
    } finally {
      caller.alive = false;
      this.#disk.end();
    }
  }

  /** The state as the next process will find it. */
  async #read(): Promise<Snapshot> {
    const folder = this.#disk.begin(undefined, () => {});
    const deployment = await this.#deployment(folder);
    this.#disk.end();
    return this.#codec().decode(deployment);
  }

  async #deployment(folder: string) {
    const text = await this.#backend(folder).read(stackName);
    const deployment = text === undefined ? undefined : parseCheckpoint(text).deployment;
    assert.equal(deployment && contradictionOf(deployment), undefined, "the state makes sense");
    return deployment;
  }

  #codec(): CheckpointCodec {
    return new CheckpointCodec("organization/project/test", this.#manager);
  }

  #backend(folder: string): Backend {
    return openBackend(`file://${folder}`, "/");
  }

  /** Once nothing goes wrong any more, all becomes what the program says. */
  async #converge(program: Program): Promise<void> {
    if ((await this.#read()).resources.length > 0) await this.#unprotect();
    const { result } = await this.#try({ ...plain, refresh: true }, program);
    assert.deepEqual(result?.errors, []);
    let state = await this.#read();
    if (state.pendingOperations.length > 0) {
      // Nobody can tell what came of these: whoever looks after the stack clears them up.
      await this.#clear(state);
      state = await this.#read();
    }
    checkState(state, this.#land, [], true);
    const wanted = program.flatMap((spec) => (spec?.kind === "thing" ? [spec] : []));
    const names = [...this.#land.things.values()].map(({ urn }) => baseOf(urn)).sort();
    assert.deepEqual(
      names,
      wanted.map(({ name }) => baseOf(name)).sort(),
      "what the program says is there, and no more",
    );
    assert.ok(!state.resources.some((it) => it.delete || it.pendingReplacement), "nothing is left to be deleted");
    for (const spec of wanted) {
      const found = state.resources.find((it) => isThing(it) && nameOf(it.urn) === spec.name);
      assert.equal(found?.inputs.value, spec.value);
      if (spec.hush === "secret") assert.ok(found?.inputs.hush instanceof Secret, `${spec.name} has a secret`);
      if (spec.secretToken) assert.ok(found?.outputs.token instanceof Secret, `${spec.name} has a secret output`);
    }
  }

  async #again(program: Program): Promise<void> {
    const { result, saved } = await this.#try(plain, program);
    assert.deepEqual(
      [result?.errors, Object.keys(result?.changes ?? {})],
      [[], ["same"]],
      "there is nothing more to do",
    );
    assert.deepEqual(saved, [], "and nothing to save");
  }

  async #destroy(): Promise<void> {
    const destroyed = await this.#try({ ...plain, kind: "destroy" }, []);
    assert.deepEqual(destroyed.result?.errors, []);
    assert.deepEqual((await this.#read()).resources, []);
    assert.deepEqual([...this.#land.things.values()], []);
  }

  /** Takes away what interrupted creates have made and nobody can find, and the record of it. */
  async #clear({ resources, pendingOperations }: Snapshot): Promise<void> {
    const ids = new Set(resources.map(({ id }) => id));
    for (const { id, urn } of [...this.#land.things.values()]) {
      if (!ids.has(id) && pendingOperations.some(({ resource }) => resource.urn === urn)) this.#land.lose(id);
    }
    await this.#write({ resources, pendingOperations: [] });
  }

  async #unprotect(): Promise<void> {
    const { resources, pendingOperations } = await this.#read();
    const unprotected = (state: ResourceState) => ({ ...state, protect: undefined });
    await this.#write({
      resources: resources.map(unprotected),
      pendingOperations: pendingOperations.map(({ type, resource }) => ({ type, resource: unprotected(resource) })),
    });
  }

  async #write(snapshot: Snapshot): Promise<void> {
    const folder = this.#disk.begin(undefined, () => {});
    await new StateWriter(this.#backend(folder), stackName, this.#codec(), true).persist(snapshot);
    this.#disk.end();
  }
}
