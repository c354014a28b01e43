import { destroy, preview, type Scenarios, up } from "./scenario.ts";

const locked = /cannot be deleted\nbecause it is protected/;

export const protecting: Scenarios = {
  "nothing protected is deleted, and each is told": [
    up(`for (const name of ["a", "b"]) new Fake(name, {}, { protect: true }); new Fake("c");`, [
      "create a",
      "create b",
      "create c",
    ]),
    preview("", { steps: ["delete c"], errors: [/::a" cannot be deleted/, /::b" cannot be deleted/] }),
    destroy({ steps: ["delete c"], errors: [locked], things: ["a", "b"] }),
    destroy({ excludeProtected: true, steps: [], things: ["a", "b"] }),
    up(`for (const name of ["a", "b"]) new Fake(name, {}, { protect: false });`, ["same a", "same b"]),
    destroy({ steps: ["delete project-test", "delete a", "delete b"], things: [] }),
  ],
  "nothing protected is replaced": [
    up(`new Fake("a", { key: 1 }, { protect: true });`, ["create a"]),
    preview(`new Fake("a", { key: 2 }, { protect: true });`, {
      steps: ["create-replacement a", "replace a", "delete-replaced a"],
      errors: [/unable to replace resource ".*::a"\nas it is currently marked for protection/],
    }),
    up(`new Fake("a", { key: 2 }, { protect: true });`, {
      steps: [],
      errors: [/unable to replace resource ".*::a"\nas it is currently marked for protection/],
    }),
    up(`new Fake("a", { key: 1, value: 2 }, { protect: true });`, ["update a"]),
  ],
  "children are protected as their parent is, unless they say otherwise": [
    up(
      `const group = new Group("group", { protect: true });
       new Fake("a", {}, { parent: group });
       new Fake("b", {}, { parent: group, protect: false });`,
      ["create group", "create a", "create b"],
    ),
    destroy({ excludeProtected: true, steps: ["same a", "delete b"], things: ["a"] }),
    up("", { steps: [], errors: [/::a" cannot be deleted/], things: ["a"] }),
  ],
};
