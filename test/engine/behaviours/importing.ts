import { type Scenarios, type Stage, up } from "./scenario.ts";

const there: Stage["meanwhile"] = ({ things }) => {
  things.set("found", { name: "found", value: 1 });
};

export const importing: Scenarios = {
  "what exists is imported": [
    up(`new Fake("a", { name: "found", value: 1 }, { import: "found" });`, {
      meanwhile: there,
      steps: ["import a", "update a"],
    }),
    up(`new Fake("a", { name: "found", value: 1 }, { import: "found" });`, ["same a"]),
    up(`new Fake("a", { name: "found", value: 2 });`, ["update a"]),
  ],
  "what is imported as the program has it is only imported": [
    up(`new Fake("a", {}, { import: "found" });`, { meanwhile: there, steps: ["import a"], calls: [] }),
    up(`new Fake("a", {}, { import: "found" });`, { steps: ["same a"], calls: [] }),
  ],
  "what is imported by another form of its id is the same afterwards, by either form": [
    up(`new Fake("a", {}, { import: "path/to/found" });`, { meanwhile: there, steps: ["import a"], calls: [] }),
    up(`new Fake("a", {}, { import: "path/to/found" });`, { steps: ["same a"], calls: [] }),
    up(`new Fake("a", {});`, { steps: ["same a"], calls: [] }),
    up(`new Fake("a", {}, { import: "found" });`, { steps: ["same a"], calls: [] }),
  ],
  "an import in the place of something else deletes that": [
    up(`new Fake("a", { value: 2 });`, { meanwhile: there, steps: ["create a"] }),
    up(`new Fake("a", {}, { import: "found" });`, {
      steps: ["import-replacement a", "replace a", "delete-replaced a"],
      calls: ["delete a"],
      things: ["found"],
    }),
    up("", { steps: ["delete a"], things: [] }),
  ],
  "an import in the place of what others own leaves that": [
    up(`new Fake("a", {}, { id: "found" });`, { meanwhile: there, steps: ["read a"] }),
    up(`new Fake("a", {}, { import: "found" });`, {
      steps: ["import-replacement a", "replace a", "discard-replaced a"],
      calls: [],
      things: ["found"],
    }),
    up(`new Fake("a", {});`, { steps: ["same a"], calls: [] }),
  ],
  "what is still imported is not replaced": [
    up(`new Fake("a", {}, { import: "found" });`, { meanwhile: there, steps: ["import a"] }),
    up(`new Fake("a", { key: 1 }, { import: "found" });`, {
      steps: [],
      errors: [/previously-imported resources that still specify an ID may not be replaced/],
      calls: [],
    }),
    up(`new Fake("a", { key: 1 });`, ["create-replacement a", "replace a", "delete-replaced a"]),
  ],
  "what is not there cannot be imported": [
    up(`new Fake("a", { value: 1 }, { import: "nothing" });`, {
      steps: [],
      errors: [/resource 'nothing' does not exist/],
    }),
  ],
  "an import below a component": [
    up(`new Fake("a", { name: "found", value: 1 }, { parent: new Group("group"), import: "found" });`, {
      meanwhile: there,
      steps: ["create group", "import a", "update a"],
    }),
  ],
  "ignored changes are not compared with what is imported": [
    up(`new Fake("a", { name: "found", value: 2 }, { import: "found", ignoreChanges: ["value"] });`, {
      meanwhile: there,
      steps: ["import a", "update a"],
    }),
  ],
  "what others own is read, and must be there": [
    up(`const it = new Fake("a", {}, { id: "found" }); export const token = it.token;`, {
      meanwhile: there,
      steps: ["read a"],
      calls: [],
    }),
    up(`new Fake("a", {}, { id: "found" });`, ["read a"]),
    up("", { steps: ["discard a"], things: ["found"] }),
    up(`new Fake("a", {}, { id: "nothing" });`, { steps: [], errors: [/resource 'nothing' does not exist/] }),
  ],
  "what was read may be made, and what was made be read": [
    up(`new Fake("a", {}, { id: "found" });`, { meanwhile: there, steps: ["read a"] }),
    up(`new Fake("a", { value: 2 });`, {
      steps: ["create-replacement a", "replace a", "discard-replaced a"],
      things: ["a", "found"],
    }),
    up(`new Fake("a", {}, { id: "found" });`, {
      steps: ["read-replacement a", "replace a", "delete-replaced a"],
      things: ["found"],
    }),
  ],
};
