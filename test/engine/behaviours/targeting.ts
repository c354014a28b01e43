import { destroy, preview, refresh, type Scenarios, up } from "./scenario.ts";

const pair = (value: number) => `
  const a = new Fake("a", { value: ${value} });
  new Fake("b", { value: ${value}, from: a.token });
  new Fake("c", { value: ${value} });`;
const made = ["create a", "create b", "create c"];
const urn = (name: string) => `urn:pulumi:test::project::fake:index:Thing::${name}`;

export const targeting: Scenarios = {
  "an update changes its targets only": [
    up(pair(1), made),
    up(pair(2), { targets: [urn("a")], steps: ["update a", "same b", "same c"], calls: ["update a"] }),
    up(pair(2), { targets: ["**::b", "**::c"], steps: ["same a", "update b", "update c"] }),
  ],
  "dependents come along when that is said": [
    up(pair(1), made),
    up(pair(2), { targets: [urn("a")], targetDependents: true, steps: ["update a", "update b", "same c"] }),
  ],
  "what is excluded stays, with its dependents when that is said": [
    up(pair(1), made),
    up(pair(2), { excludes: [urn("a")], steps: ["same a", "update b", "update c"] }),
    up(pair(3), { excludes: [urn("a")], excludeDependents: true, steps: ["same a", "same b", "update c"] }),
  ],
  "a new resource that is no target is not made, and nothing may need it": [
    up(`new Fake("c");`, ["create c"]),
    up(`new Fake("a"); new Fake("c", { value: 2 });`, {
      targets: ["**::c"],
      steps: ["same a", "update c"],
      things: ["c"],
    }),
    up(`const a = new Fake("a"); new Fake("c", { value: 3, from: a.token });`, {
      targets: ["**::c"],
      steps: ["same a"],
      errors: [/depends on '.*::a' which was was not specified in --target list/],
      things: ["c"],
    }),
  ],
  "a target that is not there is an error": [
    up(pair(1), made),
    up(pair(2), {
      targets: [urn("nobody")],
      steps: ["same a", "same b", "same c"],
      errors: [/Target '.*::nobody' could not be found in the stack/],
    }),
    destroy({ targets: [urn("nobody")], steps: [], errors: [/::nobody/] }),
  ],
  "a destroy of targets leaves the rest": [
    up(pair(1), made),
    destroy({ targets: ["**::c"], steps: ["same a", "same b", "delete c"], things: ["a", "b"] }),
    destroy({ targets: ["**::a"], steps: [], errors: [/::b/], things: ["a", "b"] }),
    destroy({ targets: ["**::a"], targetDependents: true, steps: ["delete a", "delete b"], things: [] }),
  ],
  "a destroy leaves what is excluded and what that needs": [
    up(pair(1), made),
    destroy({ excludes: ["**::b"], steps: ["same a", "same b", "delete c"], things: ["a", "b"] }),
  ],
  "a refresh reads its targets only": [
    up(pair(1), made),
    refresh({
      targets: ["**::c"],
      meanwhile: ({ things }) => {
        for (const [id, thing] of things) things.set(id, { ...thing, value: 9 });
      },
      steps: ["update c"],
    }),
    up(pair(1), ["same a", "same b", "update c"]),
  ],
  "what is to be replaced is, whatever its differences": [
    up(pair(1), made),
    up(pair(1), {
      replace: ["**::a"],
      steps: ["create-replacement a", "replace a", "delete-replaced a", "update b", "same c"],
    }),
  ],
  "a preview of targets is of these": [
    up(pair(1), made),
    preview(pair(2), { targets: ["**::c"], steps: ["same a", "same b", "update c"] }),
  ],
  "a new child of a targeted component is no target itself": [
    up(`new Group("group");`, ["create group"]),
    up(`new Fake("a", {}, { parent: new Group("group") });`, {
      targets: ["**::group"],
      steps: ["same group", "same a"],
      things: [],
    }),
    up(`new Fake("a", {}, { parent: new Group("group") });`, {
      targets: ["**::group"],
      targetDependents: true,
      steps: ["same group", "create a"],
    }),
  ],
};
