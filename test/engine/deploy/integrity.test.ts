import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { needs } from "../../../engine/src/deploy/order.ts";
import type { Snapshot } from "../../../engine/src/deploy/types.ts";
import type { PropertyMap } from "../../../engine/src/values/values.ts";
import { TestStack } from "./harness.ts";
import { type InlineMonitor, InlineServer } from "./inline.ts";

interface Spec {
  readonly name: string;
  readonly value: number;
  readonly key: number;
  readonly slot: number;
  /** Earlier resources that this one takes an output of, and whether a change of that replaces it. */
  readonly from: readonly number[];
  readonly keyed: boolean;
}

const small = fc.integer({ min: 1, max: 2 });

/** Programs over the same few names, so that two of them differ in every way. */
const programs = fc
  .array(
    fc.record({
      present: fc.boolean(),
      value: small,
      key: small,
      slot: small,
      keyed: fc.boolean(),
      from: fc.uniqueArray(fc.nat(4), { maxLength: 2 }),
    }),
    { minLength: 5, maxLength: 5 },
  )
  .map((list) =>
    list.flatMap(({ present, from, ...rest }, index): Spec[] =>
      present ? [{ ...rest, name: `r${index}`, from: from.filter((other) => other < index) }] : [],
    ),
  );

const runs = fc.array(
  fc.record({
    program: programs,
    killAt: fc.option(fc.nat(9)),
    moment: fc.constantFrom("before" as const, "after" as const),
  }),
  { minLength: 2, maxLength: 3 },
);

/** Registers what the specs say, each resource as soon as those it needs are there. */
function programOf(specs: readonly Spec[]) {
  return async (monitor: InlineMonitor) => {
    const stack = await monitor.register({ type: "pulumi:pulumi:Stack", name: "project-test" });
    const made = new Map<string, Promise<{ urn: string; outputs: PropertyMap }>>();
    for (const spec of specs) {
      made.set(
        spec.name,
        (async () => {
          const found = await Promise.all(spec.from.map((index) => made.get(`r${index}`)));
          const froms = found.filter((one) => one !== undefined);
          const tokens = froms.map(({ outputs }) => outputs.token ?? "");
          const from = spec.keyed ? "key" : "tokens";
          return monitor.register({
            name: spec.name,
            parent: stack.urn,
            inputs: { value: spec.value, slot: spec.slot, key: spec.key, [from]: [spec.key, ...tokens] },
            needs: { [from]: froms.map(({ urn }) => urn) },
          });
        })(),
      );
    }
    await Promise.all(made.values());
  };
}

/** Everything that a resource refers to stands before it; no URN is there twice. */
function checkIntegrity({ resources }: Snapshot): void {
  const seen = new Set<string>();
  for (const state of resources) {
    for (const urn of needs(state)) assert.ok(seen.has(urn), `${state.urn} stands before ${urn}`);
    if (!state.delete)
      assert.ok(!resources.some((other) => other !== state && !other.delete && other.urn === state.urn));
    seen.add(state.urn);
  }
}

test("whatever was killed and edited, the next update ends in what is wanted, and nothing else", async (context) => {
  const server = await InlineServer.start();
  await using _ = server;
  const stack = await TestStack.create(context);
  await fc.assert(
    fc.asyncProperty(runs, programs, async (attempts, last) => {
      stack.state = { resources: [], pendingOperations: [] };
      stack.world.things.clear();
      for (const { program, killAt, moment } of attempts) {
        const kill = new AbortController();
        let left = killAt ?? Number.POSITIVE_INFINITY;
        stack.world.interrupt = async (now) => {
          if (kill.signal.aborted || (now === moment && left-- === 0)) {
            kill.abort();
            await new Promise(() => {});
          }
        };
        server.program = programOf(program);
        const { saved, errors } = await stack.run({
          program: { languageServer: server.address },
          terminate: kill.signal,
        });
        if (!kill.signal.aborted) assert.deepEqual(errors, []);
        for (const snapshot of saved) checkIntegrity(snapshot);
      }
      stack.world.interrupt = () => {};
      server.program = programOf(last);
      const final = await stack.run({ program: { languageServer: server.address } });
      assert.deepEqual(final.errors, []);
      checkIntegrity(final.snapshot);
      assert.deepEqual(
        stack.world.names(),
        last.map(({ name }) => name),
      );
      for (const state of stack.state.resources) {
        assert.ok(!state.delete && !state.pendingReplacement);
        if (state.type !== "fake:index:Thing") continue;
        const { name, ...thing } = stack.world.things.get(state.id ?? "") ?? {};
        assert.deepEqual(thing, state.inputs);
      }
      const again = await stack.run({ program: { languageServer: server.address } });
      assert.deepEqual(again.changes, { same: last.length + 1 });
      assert.equal(again.saved.length, 0);
    }),
    { numRuns: 60 },
  );
});
