import { destroy, type Scenarios, up } from "./scenario.ts";

const program = (account: string, region: string) => `
  const account = new FakeAccount("account", { account: "${account}", region: "${region}" });
  new Fake("a", { value: 1 }, { provider: account });
  new Fake("b", { value: 1 }, { parent: new Group("group", { providers: [account] }) });`;

/** Two things of the default providers of these versions. */
const versions = (a: string, b: string) => `
  new Fake("a", { value: 1 }, { version: "${a}" });
  new Fake("b", { value: 1 }, { version: "${b}" });`;

export const providers: Scenarios = {
  "another version makes another default provider, and changes nothing of what it manages": [
    up(`new Fake("a", { value: 1 }); new Fake("b", { value: 1 });`, {
      steps: ["create a", "create b"],
      defaults: ["create default"],
    }),
    up(versions("1.0.0", "1.0.0"), {
      steps: ["same a", "same b"],
      defaults: ["create default_1_0_0", "delete default"],
      calls: [],
    }),
    up(versions("1.0.1", "2.0.0-beta.1"), {
      steps: ["same a", "same b"],
      defaults: ["create default_1_0_1", "create default_2_0_0_beta_1", "delete default_1_0_0"],
      calls: [],
    }),
    destroy({
      steps: ["delete a", "delete b", "delete project-test"],
      defaults: ["delete default_1_0_1", "delete default_2_0_0_beta_1"],
      things: [],
    }),
  ],
  "a default provider whose configuration changes replaces what it manages, or updates itself": [
    up(`new Fake("a", { value: 1 });`, {
      config: { "fake:account": "one", "fake:region": "x" },
      steps: ["create a"],
      defaults: ["create default"],
    }),
    up(`new Fake("a", { value: 1 });`, {
      config: { "fake:region": "y" },
      steps: ["same a"],
      defaults: ["update default"],
      calls: [],
    }),
    up(`new Fake("a", { value: 1 });`, {
      config: { "fake:account": "two" },
      steps: ["create-replacement a", "replace a", "delete-replaced a"],
      defaults: ["create-replacement default", "delete-replaced default", "replace default"],
      things: ["a"],
    }),
    up(`new Fake("a", { value: 1 }, { version: "1.0.0" });`, {
      steps: ["same a"],
      defaults: ["create default_1_0_0", "delete default"],
      calls: [],
    }),
    up(`new Fake("a", { value: 1 }, { version: "2.0.0" });`, {
      config: { "fake:account": "three" },
      steps: ["create-replacement a", "replace a", "delete-replaced a"],
      defaults: ["create default_2_0_0", "delete default_1_0_0"],
      things: ["a"],
    }),
  ],
  "a provider is made, changed, replaced with what it manages, and goes last": [
    up(program("one", "x"), ["create account", "create a", "create group", "create b"]),
    up(program("one", "y"), { steps: ["update account", "same a", "same group", "same b"], calls: [] }),
    up(program("two", "y"), {
      steps: [
        ...["account", "a", "b"].flatMap((name) => [
          `create-replacement ${name}`,
          `replace ${name}`,
          `delete-replaced ${name}`,
        ]),
        "same group",
      ],
      things: ["a", "b"],
    }),
    destroy({
      steps: ["delete project-test", "delete account", "delete a", "delete group", "delete b"],
      things: [],
    }),
  ],
  "a resource may go to another provider of the same configuration": [
    up(`new Fake("a", {}, { provider: new FakeAccount("one", { account: "x" }) });`, ["create one", "create a"]),
    up(`new Fake("a", {}, { provider: new FakeAccount("two", { account: "x" }) });`, {
      steps: ["create two", "same a", "delete one"],
      calls: [],
    }),
    up(`new Fake("a", {}, { provider: new FakeAccount("three", { account: "y" }) });`, [
      "create three",
      "create-replacement a",
      "replace a",
      "delete-replaced a",
      "delete two",
    ]),
  ],
  "a provider whose configuration comes from a resource": [
    up(
      `const a = new Fake("a", { value: 1 });
       const account = new FakeAccount("account", { account: "x", region: a.token });
       new Fake("b", {}, { provider: account });`,
      ["create a", "create account", "create b"],
    ),
    up(
      `const a = new Fake("a", { value: 1, key: 2 });
       const account = new FakeAccount("account", { account: "x", region: a.token });
       new Fake("b", {}, { provider: account });`,
      ["create-replacement a", "replace a", "delete-replaced a", "update account", "same b"],
    ),
  ],
  "what is left of a provider's resources is deleted by it": [
    up(program("one", "x"), ["create account", "create a", "create group", "create b"]),
    up("", { steps: ["delete account", "delete a", "delete group", "delete b"], things: [] }),
  ],
  "functions are called by the provider that is named, and wait for what they need": [
    up(
      `const a = new Fake("a", { value: 1 });
       const account = new FakeAccount("account", { account: "x" });
       const called = (args, opts) => pulumi.runtime.invokeOutput("fake:index:echo", args, opts);
       new Fake("b", { value: called({ value: 2 }, { provider: account, dependsOn: [a] }).apply((it) => it.value) });
       new Fake("c", { value: called({ value: pulumi.secret("s") }, {}).apply((it) => it.value) });`,
      ["create a", "create account", "create b", "create c"],
    ),
    up(
      `new Fake("a", { value: 1 }); new FakeAccount("account", { account: "x" });
       new Fake("b", { value: 2 }); new Fake("c", { value: "s" });`,
      ["same a", "same account", "same b", "same c"],
    ),
  ],
};
