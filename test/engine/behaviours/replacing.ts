import { type Scenarios, up } from "./scenario.ts";

const first = up(`new Fake("a", { slot: 1 });`, ["create a"]);
const interrupted = up(`new Fake("a", { slot: 2, fail: "create" });`, {
  steps: ["delete-replaced a", "replace a"],
  errors: [/cannot create a/],
  calls: ["delete a", "create a"],
  things: [],
});

/** A resource that was deleted to be made again, and was not. */
export const replacing: Scenarios = {
  "it is made when the program still wants it": [
    first,
    interrupted,
    up(`new Fake("a", { slot: 2 });`, { steps: ["replace a", "create-replacement a"], calls: ["create a"] }),
    up(`new Fake("a", { slot: 2 });`, ["same a"]),
  ],
  "it is made as the program wants it now": [
    first,
    interrupted,
    up(`new Fake("a", { slot: 3, value: 7 });`, { steps: ["replace a", "create-replacement a"], calls: ["create a"] }),
  ],
  "it is forgotten when the program wants it no more": [
    first,
    interrupted,
    up("", { steps: ["remove-pending-replace a"], calls: [] }),
    up("", []),
  ],
  "it fails again, and is made then": [
    first,
    interrupted,
    up(`new Fake("a", { slot: 2, fail: "create" });`, { steps: ["replace a"], errors: [/cannot create a/] }),
    up(`new Fake("a", { slot: 2 });`, ["replace a", "create-replacement a"]),
  ],
};
