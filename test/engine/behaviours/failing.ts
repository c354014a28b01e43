import { destroy, preview, type Scenarios, up } from "./scenario.ts";

export const failing: Scenarios = {
  "what failed stops the rest, and nothing is deleted": [
    up(`new Fake("old");`, ["create old"]),
    up(
      `const a = new Fake("a", { fail: "create" });
       new Fake("b", { from: a.token });`,
      { steps: [], errors: [/cannot create a/], things: ["old"] },
    ),
    up(`new Fake("b");`, { steps: ["create b", "delete old"], things: ["b"] }),
  ],
  "with --continue-on-error what does not need it is made and changed": [
    up(`new Fake("c", { value: 1 });`, ["create c"]),
    up(
      `const a = new Fake("a", { fail: "create" });
       const b = new Fake("b", { from: a.token });
       new Fake("c", { value: 2 });
       new Fake("d");`,
      {
        continueOnError: true,
        steps: ["update c", "create d"],
        errors: [/cannot create a/],
        things: ["c", "d"],
      },
    ),
  ],
  "a failed update leaves the resource as it was": [
    up(`new Fake("a", { value: 1 }); new Fake("b");`, ["create a", "create b"]),
    up(`new Fake("a", { value: 2, fail: "update" }); new Fake("b");`, {
      continueOnError: true,
      steps: ["same b"],
      errors: [/cannot update a/],
    }),
    up(`new Fake("a", { value: 1 }); new Fake("b");`, ["same a", "same b"]),
  ],
  "with --continue-on-error a destroy goes around what fails": [
    up(
      `const a = new Fake("a");
       new Fake("b", { fail: "delete", from: a.token });
       new Fake("c");`,
      ["create a", "create b", "create c"],
    ),
    destroy({ continueOnError: true, steps: ["delete c"], errors: [/cannot delete b/], things: ["a", "b"] }),
  ],
  "refused inputs fail a preview and an update": [
    up(`new Fake("a", { value: 1 });`, ["create a"]),
    preview(`new Fake("a", { bad: 1 });`, {
      steps: [],
      errors: [/'a': property bad value \{1\} has a problem: is bad/],
    }),
    up(`new Fake("a", { bad: 1 });`, { steps: [], errors: [/'a': property bad value \{1\} has a problem: is bad/] }),
  ],
  "a program that throws keeps what it made, and deletes nothing": [
    up(`new Fake("old");`, ["create old"]),
    up(`new Fake("a"); await new Promise((done) => setTimeout(done, 500)); throw new Error("no more");`, {
      steps: ["create a"],
      errors: [/no more/],
      things: ["a", "old"],
    }),
    up(`new Fake("a");`, ["same a", "delete old"]),
  ],
  "one name is used once": [
    up(`await new Promise((done) => new Fake("a").urn.apply(done)); new Fake("a");`, {
      steps: ["create a"],
      errors: [/Duplicate resource URN '.*::a'; try giving it a unique name/],
    }),
  ],
  "what is not well is tried again, and by a partial update too": [
    up(`new Fake("a", { unwell: "create", value: 1 });`, { steps: [], errors: [/not ready yet/] }),
    up(`new Fake("a", { unwell: "create", value: 1 });`, ["update a"]),
    up(`new Fake("a", { unwell: "update", value: 2 });`, { steps: [], errors: [/not ready yet/] }),
    up(`new Fake("a", { value: 2 });`, ["update a"]),
  ],
  "an empty program": [up("", []), up("", []), destroy(["delete project-test"]), destroy([])],
};
