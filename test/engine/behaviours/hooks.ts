import { preview, type Scenarios, up } from "./scenario.ts";

const failing = (options = "{}") =>
  `const no = new pulumi.ResourceHook("no", () => { throw new Error("not today"); }, ${options});`;

export const hooks: Scenarios = {
  "a hook that fails before an operation keeps it from being done": [
    up(`${failing()} new Fake("a", { value: 1 }, { hooks: { beforeCreate: [no] } });`, {
      steps: [],
      errors: [/before hook "no" failed: not today/],
      calls: [],
    }),
    up(`${failing()} new Fake("a", { value: 1 }, { hooks: { beforeUpdate: [no], beforeDelete: [no] } });`, [
      "create a",
    ]),
    up(`${failing()} new Fake("a", { value: 2 }, { hooks: { beforeUpdate: [no], beforeDelete: [no] } });`, {
      steps: [],
      errors: [/before hook "no" failed: not today/],
      calls: [],
    }),
    up(failing(), { steps: [], errors: [/before hook "no" failed: not today/], calls: [] }),
  ],
  "a hook that fails after an operation fails the deployment, and what was done is kept": [
    up(`${failing()} new Fake("a", { value: 1 }, { hooks: { afterCreate: [no] } });`, {
      steps: ["create a"],
      errors: [/after hook "no" failed: not today/],
      things: ["a"],
    }),
    up(`${failing()} new Fake("a", { value: 1 });`, ["same a"]),
  ],
  "a preview calls hooks that ask for it": [
    preview(`${failing("{ onDryRun: true }")} new Fake("a", {}, { hooks: { beforeCreate: [no] } });`, {
      steps: [],
      errors: [/before hook "no" failed: not today/],
    }),
    preview(`${failing()} new Fake("a", {}, { hooks: { beforeCreate: [no] } });`, ["create a"]),
  ],
  "errors may be ignored": [
    up(
      `${failing("{ ignoreErrors: true }")} new Fake("a", {}, { hooks: { beforeCreate: [no], afterCreate: [no] } });`,
      ["create a"],
    ),
  ],
  "a destroy needs the program for its hooks": [
    up(`const hook = new pulumi.ResourceHook("h", () => {}); new Fake("a", {}, { hooks: { afterDelete: [hook] } });`, [
      "create a",
    ]),
    {
      kind: "destroy",
      steps: [],
      errors: [/delete hooks registered, but the program is not running. Hooks: h/],
      things: ["a"],
    },
    { kind: "destroy", runProgram: true, steps: ["same a", "delete project-test", "delete a"], things: [] },
  ],
  "error hooks have an operation tried again": [
    up(
      `const retry = new pulumi.ErrorHook("retry", ({ errors }) => errors.length < 3);
       new Fake("a", { fail: "create" }, { hooks: { onError: [retry] } });`,
      { steps: [], errors: [/cannot create a/], calls: ["create a", "create a", "create a"] },
    ),
  ],
};
