/** Random programs over the same few names, so that two of them differ in every way. */
import fc from "fast-check";
import { type PropertyMap, Secret } from "../../../../engine/src/values/values.ts";
import { unknownMarker } from "../../../../engine/src/values/wire.ts";
import { FailedResource, type InlineMonitor } from "../inline.ts";
import type { packages } from "./land.ts";

type Made = Awaited<ReturnType<InlineMonitor["register"]>>;

interface Spec {
  readonly name: string;
  /** The name that it has in other programs. */
  readonly alias: string;
  readonly kind: "thing" | "group" | "account";
  readonly pkg: (typeof packages)[number];
  readonly value: number;
  readonly key: number;
  readonly slot: number;
  /** In the account of that number, for an account. */
  readonly account: number;
  /** Earlier resources, by their places; they count only where they are of the right kind. */
  readonly parent: number;
  readonly by: number;
  readonly with: number;
  readonly from: readonly number[];
  readonly after: readonly number[];
  /** Whether another resource that it takes an output of makes another thing of it. */
  readonly keyed: boolean;
  readonly hush: "none" | "open" | "secret";
  readonly secretToken: boolean;
  readonly bad: boolean;
  readonly protect: boolean;
  readonly retain: boolean;
  readonly deleteFirst: boolean | undefined;
  readonly ignore: boolean;
  readonly replaceOnValue: boolean;
}

export const size = 6;

export type Program = readonly (Spec | undefined)[];

const small = fc.integer({ min: 1, max: 2 });
const earlier = fc.integer({ min: -3, max: size - 2 });
const some = fc.uniqueArray(fc.nat(size - 2), { maxLength: 2 });

/** The second value once in so many times. */
function rarely<T>(usual: T, rare: T, times: number): fc.Arbitrary<T> {
  return fc.oneof({ weight: times - 1, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constant(rare) });
}

const specs = fc.record({
  renamed: rarely(false, true, 7),
  kind: fc.constantFrom<Spec["kind"][]>("thing", "thing", "thing", "thing", "group", "account"),
  pkg: rarely<Spec["pkg"]>("fake", "mute", 4),
  value: small,
  key: rarely(1, 2, 5),
  slot: rarely(1, 2, 5),
  account: small,
  parent: earlier,
  by: earlier,
  with: fc.oneof({ weight: 3, arbitrary: fc.constant(-1) }, { weight: 2, arbitrary: earlier }),
  from: some,
  after: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: some }),
  keyed: rarely(false, true, 3),
  hush: fc.constantFrom<Spec["hush"][]>("none", "none", "open", "secret"),
  secretToken: rarely(false, true, 6),
  bad: rarely(false, true, 40),
  protect: rarely(false, true, 10),
  retain: rarely(false, true, 12),
  deleteFirst: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.boolean() }),
  ignore: rarely(false, true, 8),
  replaceOnValue: rarely(false, true, 8),
});

export const programs: fc.Arbitrary<Program> = fc
  .array(fc.tuple(rarely(true, false, 4), specs), { minLength: size, maxLength: size })
  .map((list) =>
    list.map(([present, { renamed, ...spec }], index) => {
      const names = [`r${index}`, `r${index}b`] as const;
      return present ? { ...spec, name: names[renamed ? 1 : 0], alias: names[renamed ? 0 : 1] } : undefined;
    }),
  );

/** What an edit makes of a resource that stays. */
const changes: Record<"keep" | "value" | "key" | "name" | "nameAndKey", (spec: Spec) => Spec> = {
  keep: (spec) => spec,
  value: (spec) => ({ ...spec, value: 3 - spec.value }),
  key: (spec) => ({ ...spec, key: 3 - spec.key }),
  name: (spec) => ({ ...spec, value: 3 - spec.value, name: spec.alias, alias: spec.name }),
  nameAndKey: (spec) => ({ ...spec, key: 3 - spec.key, name: spec.alias, alias: spec.name }),
};

/** What becomes of a program by an edit of it: some places are empty then, or have another resource. */
export const edits: fc.Arbitrary<(program: Program) => Program> = fc
  .tuple(
    programs,
    fc.array(fc.constantFrom("keep", "value", "value", "key", "name", "nameAndKey", "new", "gone", "gone"), {
      minLength: size,
      maxLength: size,
    }),
  )
  .map(([other, list]) => (program) => {
    return program.map((spec, index) => {
      const change = list[index] ?? "keep";
      if (change === "gone") return undefined;
      return change === "new" || spec === undefined ? other[index] : changes[change](spec);
    });
  });

/** The program without what keeps it from being brought up, and taken down again. */
export function calm(program: Program): Program {
  return program.map((spec) => spec && { ...spec, bad: false, protect: false, retain: false, ignore: false });
}

/** What a program says of a thing's inputs, apart from others' outputs. */
function ownInputs(spec: Spec): PropertyMap {
  const hush = `hush ${spec.value}`;
  return {
    value: spec.value,
    slot: spec.slot,
    ...(spec.hush === "none" ? {} : { hush: spec.hush === "open" ? hush : new Secret(hush) }),
    ...(spec.bad ? { bad: true } : {}),
  };
}

/** Registers what the specs say, each resource as soon as those it needs are there. */
export function programOf(program: Program): (monitor: InlineMonitor) => Promise<void> {
  return async (monitor) => {
    const stack = await monitor.register({ type: "pulumi:pulumi:Stack", name: "project-test" });
    const made = new Map<number, Promise<Made>>();
    const owners = new Map<string, Made>();
    const of = async (place: number, below: number, fits: (spec: Spec) => boolean): Promise<Made | undefined> => {
      const spec = program[place];
      return place < below && spec && fits(spec) ? made.get(place) : undefined;
    };
    const all = async (places: readonly number[], below: number, fits: (spec: Spec) => boolean): Promise<Made[]> => {
      const found = await Promise.all(places.map((place) => of(place, below, fits)));
      return found.filter((one) => one !== undefined);
    };
    const register = async (spec: Spec, index: number): Promise<Made> => {
      const isThing = ({ kind }: Spec) => kind === "thing";
      const parent = await of(spec.parent, index, ({ kind }) => kind !== "account");
      const { name, alias, protect } = spec;
      const base = { name, alias, parent: parent?.urn ?? stack.urn };
      if (spec.kind === "account") {
        const type = `pulumi:providers:${spec.pkg}`;
        return monitor.register({
          ...base,
          parent: stack.urn,
          type,
          inputs: { account: spec.account, value: spec.value },
        });
      }
      const dependsOn = (await all(spec.after, index, ({ kind }) => kind !== "account")).map(({ urn }) => urn);
      // As the engine has it: children go with what their parents go with, unless they say otherwise.
      const inherited = owners.get(base.parent);
      if (spec.kind === "group") {
        const group = await monitor.register({
          ...base,
          type: "fake:index:Group",
          protect: protect || undefined,
          dependsOn,
        });
        if (inherited) owners.set(group.urn, inherited);
        return group;
      }
      const account = await of(spec.by, index, ({ kind, pkg }) => kind === "account" && pkg === spec.pkg);
      const owner = (await of(spec.with, index, isThing)) ?? inherited;
      const froms = await all(spec.from, index, isThing);
      const tokens = froms.map(({ outputs }) => outputs.token ?? unknownMarker);
      const from = spec.keyed ? "key" : "tokens";
      const thing = await monitor.register({
        ...base,
        type: `${spec.pkg}:index:Thing`,
        provider: account && `${account.urn}::${account.id || unknownMarker}`,
        deletedWith: owner?.urn,
        inputs: {
          ...ownInputs(spec),
          key: spec.key,
          [from]: spec.keyed ? [spec.key, ...tokens] : tokens,
          ...(owner ? { owner: owner.outputs.token ?? unknownMarker } : {}),
        },
        needs: { [from]: froms.map(({ urn }) => urn), ...(owner ? { owner: [owner.urn] } : {}) },
        dependsOn,
        protect: protect || undefined,
        retainOnDelete: spec.retain || undefined,
        ...(spec.deleteFirst === undefined ? {} : { deleteBeforeReplace: spec.deleteFirst }),
        ignoreChanges: spec.ignore ? ["value"] : [],
        replaceOnChanges: spec.replaceOnValue ? ["value"] : [],
        additionalSecretOutputs: spec.secretToken ? ["token"] : [],
      });
      if (owner) owners.set(thing.urn, owner);
      return thing;
    };
    program.forEach((spec, index) => {
      if (spec) made.set(index, register(spec, index));
    });
    const results = await Promise.allSettled(made.values());
    const failed = results.find((result) => result.status === "rejected" && !(result.reason instanceof FailedResource));
    if (failed) throw (failed as PromiseRejectedResult).reason;
  };
}
