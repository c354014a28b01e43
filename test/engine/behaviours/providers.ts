import { destroy, type Scenarios, up } from "./scenario.ts";

const program = (account: string, region: string) => `
  const account = new FakeAccount("account", { account: "${account}", region: "${region}" });
  new Fake("a", { value: 1 }, { provider: account });
  new Fake("b", { value: 1 }, { parent: new Group("group", { providers: [account] }) });`;

export const providers: Scenarios = {
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
