import { destroy, type Scenarios, up } from "./scenario.ts";

const chain = (slot: number, more = "") => `
  const a = new Fake("a", { slot: ${slot} });
  const b = new Fake("b", { key: a.token });
  new Fake("c", { value: b.token }, {${more}});`;

const replaced = (name: string) => [`delete-replaced ${name}`, `replace ${name}`, `create-replacement ${name}`];

export const deletes: Scenarios = {
  "what goes first takes along what must be replaced with it": [
    up(chain(1), ["create a", "create b", "create c"]),
    up(chain(2), {
      steps: [...replaced("a"), ...replaced("b"), "update c"],
      calls: ["delete b", "delete a", "create a", "create b", "update c"],
    }),
  ],
  "deleteBeforeReplace says so, and overrules the provider": [
    up(`new Fake("a", { key: 1 }, { deleteBeforeReplace: true }); new Fake("b", { slot: 1 });`, [
      "create a",
      "create b",
    ]),
    up(`new Fake("a", { key: 2 }, { deleteBeforeReplace: true });`, {
      steps: [...replaced("a"), "delete b"],
      calls: ["delete a", "create a", "delete b"],
    }),
    up(`new Fake("a", { slot: 3 }, { deleteBeforeReplace: false });`, {
      steps: replaced("a"),
      calls: ["create a", "delete a"],
    }),
  ],
  "a protected dependent keeps a resource from going first": [
    up(chain(1).replace("a.token });", "a.token }, { protect: true });"), ["create a", "create b", "create c"]),
    up(chain(2).replace("a.token });", "a.token }, { protect: true });"), {
      steps: [],
      errors: [
        /unable to replace resource ".*::b" as part of replacing ".*::a" as it is currently marked for protection/,
      ],
      things: ["a", "b", "c"],
    }),
  ],
  "replaceOnChanges makes an update a replacement": [
    up(`new Fake("a", { value: 1, other: 1 });`, ["create a"]),
    up(`new Fake("a", { value: 2, other: 1 }, { replaceOnChanges: ["value"] });`, replaced("a")),
    up(`new Fake("a", { value: 2, other: 2 }, { replaceOnChanges: ["value"] });`, ["update a"]),
    up(`new Fake("a", { value: 2, other: 3 }, { replaceOnChanges: ["*"] });`, replaced("a")),
  ],
  "a changed replacementTrigger replaces": [
    up(`new Fake("a", { value: 1 }, { replacementTrigger: "x" });`, ["create a"]),
    up(`new Fake("a", { value: 1 }, { replacementTrigger: "x" });`, ["same a"]),
    up(`new Fake("a", { value: 1 }, { replacementTrigger: "y" });`, replaced("a")),
  ],
  "replaceWith follows what is replaced": [
    up(
      `const a = new Fake("a", { key: 1 });
       const b = new Fake("b", {}, { replaceWith: [a] });
       const c = new Fake("c", {}, { replaceWith: [b] });`,
      ["create a", "create b", "create c"],
    ),
    up(
      `const a = new Fake("a", { key: 2 });
       const b = new Fake("b", {}, { replaceWith: [a], dependsOn: [a] });
       const c = new Fake("c", {}, { replaceWith: [b], dependsOn: [b] });`,
      [...replaced("a"), ...replaced("b"), ...replaced("c")],
    ),
  ],
  "deletedWith spares the provider the deletes": [
    up(
      `const a = new Fake("a");
       const b = new Fake("b", {}, { deletedWith: a });
       new Fake("c", {}, { deletedWith: b, dependsOn: [b] });
       new Fake("d");`,
      ["create a", "create b", "create c", "create d"],
    ),
    destroy({ targets: ["**::d"], steps: ["same a", "same b", "same c", "delete d"], calls: ["delete d"] }),
    destroy({ steps: ["delete project-test", "delete a", "delete b", "delete c"], calls: ["delete a"] }),
  ],
  "a retained resource is forgotten, when it is replaced too": [
    up(`new Fake("a", { key: 1 }, { retainOnDelete: true });`, ["create a"]),
    up(`new Fake("a", { key: 2 }, { retainOnDelete: true });`, { steps: replaced("a"), things: ["a", "a"] }),
    up("", { steps: ["delete a"], things: ["a", "a"] }),
  ],
  "what could not be deleted when it was replaced is deleted next time": [
    up(`new Fake("a", { key: 1, fail: "delete" });`, ["create a"]),
    up(`new Fake("a", { key: 2 });`, {
      steps: ["create-replacement a", "replace a"],
      errors: [/cannot delete a/],
      things: ["a", "a"],
    }),
    up(`new Fake("a", { key: 2 });`, { steps: ["same a"], errors: [/cannot delete a/], things: ["a", "a"] }),
  ],
  "deletes go against the order of what they need": [
    up(
      `const a = new Fake("a");
       const b = new Fake("b", { from: a.token });
       const group = new Group("group", { dependsOn: [b] });
       new Fake("c", {}, { parent: group });
       export const out = b.token;`,
      ["create a", "create b", "create group", "create c"],
    ),
    up(`export const out = 1;`, {
      steps: ["delete a", "delete b", "delete group", "delete c"],
      calls: ["delete c", "delete b", "delete a"],
    }),
  ],
};
