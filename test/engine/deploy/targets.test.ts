/** `--target` and `--exclude` on random graphs: whatever is chosen, the state makes sense and nothing is lost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Needed } from "../../../engine/src/deploy/order.ts";
import type { DeploymentOptions, ResourceState } from "../../../engine/src/deploy/types.ts";
import { contradictionIn } from "../../../engine/src/state/integrity.ts";
import { unknownMarker } from "../../../engine/src/values/wire.ts";
import { type Deployed, TestStack } from "./harness.ts";
import { type InlineMonitor, InlineServer } from "./inline.ts";

type Made = Awaited<ReturnType<InlineMonitor["register"]>>;

interface Spec {
  readonly name: string;
  readonly kind: "thing" | "group" | "account";
  readonly value: number;
  readonly key: number;
  readonly slot: number;
  readonly fails: boolean;
  /** Earlier resources, by their places; they count only where they are of the right kind. */
  readonly parent: number;
  readonly account: number;
  readonly with: number;
  readonly from: readonly number[];
}

const size = 6;
const small = fc.integer({ min: 1, max: 2 });
const earlier = fc.integer({ min: -2, max: size - 1 });

/** Programs over the same few names, so that two of them differ in every way. */
const programs = fc
  .array(
    fc.record({
      present: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
      kind: fc.constantFrom("thing" as const, "thing" as const, "thing" as const, "group" as const, "account" as const),
      value: small,
      key: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(2) }),
      slot: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(2) }),
      fails: fc.oneof({ weight: 15, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
      parent: earlier,
      account: earlier,
      with: earlier,
      from: fc.uniqueArray(fc.nat(size - 1), { maxLength: 2 }),
    }),
    { minLength: size, maxLength: size },
  )
  .map((list) => list.map(({ present, ...rest }, index) => (present ? { ...rest, name: `r${index}` } : undefined)));

type Program = (Spec | undefined)[];

const operations = fc.record({
  program: programs,
  kind: fc.constantFrom("update" as const, "update" as const, "destroy" as const, "refresh" as const),
  dryRun: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  runProgram: fc.boolean(),
  refresh: fc.boolean(),
  by: fc.constantFrom("targets" as const, "excludes" as const),
  chosen: fc.uniqueArray(fc.nat(size - 1), { minLength: 1, maxLength: 2 }),
  dependents: fc.boolean(),
  /** A thing that is gone behind the engine's back. */
  lost: fc.option(fc.nat(size - 1)),
});

/** Registers what the specs say, each resource as soon as those it needs are there. */
function programOf(specs: Program) {
  return async (monitor: InlineMonitor) => {
    const stack = await monitor.register({ type: "pulumi:pulumi:Stack", name: "project-test" });
    const made = new Map<number, Promise<Made>>();
    const owners = new Map<string, Made>();
    const of = async (place: number, below: number, kinds: readonly string[]): Promise<Made | undefined> =>
      place < below && kinds.includes(specs[place]?.kind ?? "") ? made.get(place) : undefined;
    const register = async (spec: Spec, index: number): Promise<Made> => {
      const parent = await of(spec.parent, index, ["group", "thing"]);
      if (spec.kind === "account") {
        const inputs = { account: spec.key };
        return monitor.register({ type: "pulumi:providers:fake", name: spec.name, parent: stack.urn, inputs });
      }
      const base = { name: spec.name, parent: parent?.urn ?? stack.urn };
      if (spec.kind === "group") return monitor.register({ ...base, type: "fake:index:Group" });
      const account = await of(spec.account, index, ["account"]);
      // As the engine has it: children go with what their parents go with, unless they say otherwise.
      const owner = (await of(spec.with, index, ["thing"])) ?? owners.get(base.parent);
      const found = await Promise.all(spec.from.map((place) => of(place, index, ["thing"])));
      const froms = found.filter((one) => one !== undefined);
      const thing = await monitor.register({
        ...base,
        provider: account && `${account.urn}::${account.id || unknownMarker}`,
        deletedWith: owner?.urn,
        inputs: {
          value: spec.value,
          key: spec.key,
          slot: spec.slot,
          tokens: froms.map(({ outputs }) => outputs.token ?? unknownMarker),
          ...(owner ? { owner: owner.outputs.token ?? unknownMarker } : {}),
          ...(spec.fails ? { fail: spec.value === 1 ? "create" : "update" } : {}),
        },
        needs: { tokens: froms.map(({ urn }) => urn), ...(owner ? { owner: [owner.urn] } : {}) },
      });
      if (owner) owners.set(thing.urn, owner);
      return thing;
    };
    specs.forEach((spec, index) => {
      if (spec) made.set(index, register(spec, index));
    });
    const results = await Promise.allSettled(made.values());
    const failed = results.find(({ status }) => status === "rejected");
    if (failed) throw (failed as PromiseRejectedResult).reason;
  };
}

const without = (program: Program): Program => program.map((spec) => spec && { ...spec, fails: false });
const nameOf = ({ urn }: { urn: string }) => urn.split("::").at(-1) ?? "";
const isThing = ({ type }: ResourceState) => type === "fake:index:Thing";

/** What is deleted with something else goes when that goes. */
function reap({ world: { things } }: TestStack): void {
  for (let before = -1; before !== things.size; ) {
    before = things.size;
    for (const [id, { owner }] of things) {
      if (owner && !things.has(String(owner).replace("token of ", ""))) things.delete(id);
    }
  }
}

/** What must hold whatever was done. */
function check(stack: TestStack, { saved, dryRun, snapshot }: Deployed & { dryRun: boolean }): void {
  for (const { resources } of saved) assert.equal(contradictionIn(resources), undefined);
  if (dryRun) assert.equal(saved.length, 0);
  else assert.equal(contradictionIn(snapshot.resources), undefined);
  reap(stack);
  const ids = stack.state.resources.filter((state) => isThing(state) && !state.pendingReplacement).map(({ id }) => id);
  const there = [...stack.world.things.keys()];
  assert.deepEqual(there.filter((id) => !ids.includes(id)).sort(), [], "nothing is there that the state has lost");
  assert.equal(new Set(ids).size, ids.length, "nothing is in the state twice");
}

/** Everything that these resources need, and they themselves. */
function withNeeds(resources: readonly ResourceState[], names: readonly string[]): Set<string> {
  const needed = new Needed(resources);
  const found = new Set<ResourceState>();
  const add = (state: ResourceState) => {
    if (found.has(state)) return;
    found.add(state);
    for (const other of needed.of(state)) add(other);
  };
  for (const state of resources) if (names.includes(nameOf(state))) add(state);
  return new Set([...found].map(({ urn }) => urn));
}

test("targets and excludes never break the state, lose anything or touch what is not meant", async (context) => {
  await using server = await InlineServer.start();
  const stack = await TestStack.create(context);
  const { world } = stack;
  const run = async (program: Program, options: Partial<DeploymentOptions> = {}) => {
    server.program = programOf(program);
    const withProgram = options.kind === undefined || options.kind === "update" || options.runProgram;
    const result = await stack.run({
      ...options,
      ...(withProgram ? { program: { languageServer: server.address } } : {}),
    });
    check(stack, { ...result, dryRun: options.dryRun ?? false });
    return result;
  };
  await fc.assert(
    fc.asyncProperty(
      programs,
      fc.array(operations, { minLength: 1, maxLength: 2 }),
      programs,
      async (first, all, last) => {
        stack.state = { resources: [], pendingOperations: [] };
        world.things.clear();
        await run(without(first));
        for (const { program, by, chosen, dependents, lost, ...how } of all) {
          const before = stack.state.resources;
          const gone = before.find((state) => isThing(state) && nameOf(state) === `r${lost}`);
          if (gone && (how.kind === "refresh" || how.refresh)) world.things.delete(gone.id ?? "");
          reap(stack);
          const was = new Map(world.things);
          const names = chosen.map((index) => `r${index}`);
          const result = await run(program, {
            ...how,
            [by]: names.map((name) => `**::${name}`),
            [by === "targets" ? "targetDependents" : "excludeDependents"]: dependents,
          });
          if (how.dryRun) assert.deepEqual([...world.things], [...was], "a preview changes nothing");
          const { resources } = stack.state;
          const kept = (state: ResourceState) => world.things.get(state.id ?? "") === was.get(state.id ?? "");
          const meant = (state: ResourceState) => names.includes(nameOf(state)) === (by === "targets");
          if (!dependents || by === "excludes") {
            const spared = before.filter(
              (state) => isThing(state) && !meant(state) && !state.delete && !state.deletedWith,
            );
            for (const state of spared) assert.ok(kept(state), `${state.urn} was not meant`);
          }
          if (how.kind !== "destroy" || how.dryRun || how.runProgram || result.result !== "succeeded") continue;
          if (by === "targets") {
            assert.deepEqual(resources.filter(meant), [], "all targets are gone");
          } else if (!dependents) {
            const refreshed = before.filter((state) => !(how.refresh && state === gone && meant(state)));
            const needed = withNeeds(refreshed, names);
            for (const { urn } of resources) assert.ok(needed.has(urn), `${urn} is not needed any more`);
          }
        }
        const wanted = without(last);
        const converged = await run(wanted, { refresh: true });
        assert.deepEqual(converged.errors, []);
        const things = wanted.filter((spec) => spec?.kind === "thing").map((spec) => spec?.name);
        assert.deepEqual(world.names(), things);
        assert.ok(!stack.state.resources.some((state) => state.delete || state.pendingReplacement));
        const again = await run(wanted);
        assert.deepEqual(Object.keys(again.changes), ["same"]);
        assert.equal((await run([], { kind: "destroy" })).result, "succeeded");
        assert.deepEqual([stack.state.resources, world.names()], [[], []]);
      },
    ),
    { numRuns: Number(process.env.RUNS ?? 60) },
  );
});
