import { destroy, refresh, type Scenarios, type Stage, up } from "./scenario.ts";

const pair = `
  const a = new Fake("a", { value: 1 });
  new Fake("b", { value: 1, from: a.token }, { dependsOn: [a] });`;
const made = ["create a", "create b"];

/** Somebody else changes or removes things. */
const changed =
  (name: string, value: number): Stage["meanwhile"] =>
  ({ things }) => {
    for (const [id, thing] of things) if (thing.name === name) things.set(id, { ...thing, value });
  };
const gone =
  (...names: string[]): Stage["meanwhile"] =>
  ({ things }) => {
    for (const [id, { name }] of things) if (names.includes(String(name))) things.delete(id);
  };

export const refreshing: Scenarios = {
  "what changed outside is taken over, and changed back": [
    up(pair, made),
    refresh({ meanwhile: changed("b", 7), steps: ["same a", "update b"] }),
    refresh(["same a", "same b"]),
    up(pair, ["same a", "update b"]),
  ],
  "what is gone is forgotten, and made again": [
    up(pair, made),
    refresh({ meanwhile: gone("a"), steps: ["delete a", "same b"] }),
    up(pair, { steps: ["create a", "update b"], things: ["a", "b"] }),
    refresh({ meanwhile: gone("a", "b"), steps: ["delete a", "delete b"] }),
    destroy(["delete project-test"]),
  ],
  "an update may refresh first": [
    up(pair, made),
    up(pair, { refresh: true, meanwhile: gone("b"), steps: ["refresh a", "refresh b", "same a", "create b"] }),
    up(pair, { refresh: true, meanwhile: changed("b", 7), steps: ["refresh a", "refresh b", "same a", "update b"] }),
    up(pair, { refresh: true, steps: ["refresh a", "refresh b", "same a", "same b"] }),
  ],
  "a destroy may refresh first": [
    up(pair, made),
    destroy({
      refresh: true,
      meanwhile: gone("a"),
      steps: ["refresh a", "refresh b", "delete b", "delete project-test"],
      calls: ["delete b"],
    }),
  ],
  "what is not in order is told": [
    up(`new Fake("a", { value: 1, unwell: "create" });`, {
      steps: [],
      errors: [/not ready yet/],
      things: ["a"],
    }),
    refresh(["same a"]),
    up(`new Fake("a", { value: 1 });`, ["update a"]),
  ],
  "one that is cancelled keeps what it has read": [
    up(pair, made),
    refresh({
      parallel: 1,
      meanwhile: changed("a", 7),
      cancelAt: "read a",
      steps: ["update a"],
      errors: [/canceled/],
    }),
    up(pair, ["update a", "same b"]),
  ],
  "what has another name now and is gone is forgotten under both": [
    up(`${pair} new Fake("c", { value: 1 }, { deletedWith: a });`, [...made, "create c"]),
    {
      ...up(
        `const a = new Fake("a2", { value: 1 }, { aliases: [{ name: "a" }] });
         new Fake("b", { value: 1, from: a.token }, { dependsOn: [a] });`,
        {
          runProgram: true,
          meanwhile: gone("a"),
          steps: ["delete a2", "same a2", "same b", "same c"],
          things: ["b", "c"],
        },
      ),
      kind: "refresh",
    },
    up(pair, ["create a", "update b", "delete c"]),
  ],
  "what others own is read again too": [
    up(`new Fake("theirs", {}, { id: "theirs" }); export const x = 1;`, {
      meanwhile: ({ things }) => void things.set("theirs", { name: "theirs", value: 1 }),
      steps: ["read theirs"],
    }),
    refresh({ meanwhile: changed("theirs", 2), steps: ["update theirs"] }),
    refresh(["same theirs"]),
  ],
  "a refresh by the program reads what it names, and nothing is made or deleted": [
    up(`${pair} new Fake("c", { value: 1 });`, [...made, "create c"]),
    {
      ...up(`${pair} new Fake("d");`, {
        runProgram: true,
        meanwhile: changed("a", 7),
        steps: ["update a", "same b", "same c", "same d"],
        things: ["a", "b", "c"],
      }),
      kind: "refresh",
    },
  ],
};
