import { destroy, type Scenarios, up } from "./scenario.ts";

const urn = (type: string, name: string) => `urn:pulumi:test::project::${type}::${name}`;
const thing = "fake:index:Thing";

export const aliases: Scenarios = {
  "a whole URN is an earlier name": [
    up(`new Fake("old", { value: 1 });`, ["create old"]),
    up(`new Fake("new", { value: 1 }, { aliases: ["${urn(thing, "old")}"] });`, { steps: ["same new"], calls: [] }),
    up(`new Fake("new", { value: 2 }, { aliases: ["${urn(thing, "old")}"] });`, ["update new"]),
  ],
  "a parent or none is part of an earlier name": [
    up(`new Fake("a", {}, { parent: new Group("group") });`, ["create group", "create a"]),
    up(
      `const group = new Group("group");
       new Fake("a", {}, { aliases: [{ parent: group }] });`,
      { steps: ["same group", "same a"], calls: [] },
    ),
    up(
      `const group = new Group("group");
       new Fake("a", {}, { parent: group, aliases: [{ parent: pulumi.rootStackResource }] });`,
      { steps: ["same group", "same a"], calls: [] },
    ),
  ],
  "a type may change with its name": [
    up(`new Fake("a");`, ["create a"]),
    up(
      `class Other extends pulumi.CustomResource {
         constructor(name, args, opts) { super("fake:index:Other", name, args, opts); }
       }
       new Other("a", {}, { aliases: [{ type: "${thing}" }] });`,
      { steps: ["same a"], calls: [] },
    ),
  ],
  "children follow a parent that got another name": [
    up(
      `const outer = new Group("outer");
       const inner = new Group("outer-inner", { parent: outer });
       new Fake("outer-inner-a", {}, { parent: inner });`,
      ["create outer", "create outer-inner", "create outer-inner-a"],
    ),
    up(
      `const outer = new Group("renamed", { aliases: [{ name: "outer" }] });
       const inner = new Group("renamed-inner", { parent: outer });
       new Fake("renamed-inner-a", {}, { parent: inner });`,
      { steps: ["same renamed", "same renamed-inner", "same renamed-inner-a"], calls: [] },
    ),
  ],
  "two resources may not claim one earlier name": [
    up(`new Fake("old");`, ["create old"]),
    up(
      `const one = new Fake("one", {}, { aliases: [{ name: "old" }] });
       new Fake("two", {}, { aliases: [{ name: "old" }], dependsOn: [one] });`,
      { steps: ["same one"], errors: [/Duplicate resource alias '.*::old' applied to resource with URN '.*::two'/] },
    ),
  ],
  "what others need keeps its place under its new name": [
    up(
      `const a = new Fake("a", { value: 1 });
       const account = new FakeAccount("account", { account: "x" });
       new Fake("b", { from: a.token }, { provider: account, dependsOn: [a], deletedWith: a });`,
      ["create a", "create account", "create b"],
    ),
    up(
      `const a = new Fake("a2", { value: 1 }, { aliases: [{ name: "a" }] });
       const account = new FakeAccount("account2", { account: "x" }, { aliases: [{ name: "account" }] });
       new Fake("b", { from: a.token }, { provider: account, dependsOn: [a], deletedWith: a });`,
      { steps: ["same a2", "same account2", "same b"], calls: [] },
    ),
    destroy({ steps: ["delete project-test", "delete a2", "delete account2", "delete b"], calls: ["delete a2"] }),
  ],
  "a component may become a resource, and a resource a component": [
    up(`new Group("a"); new Fake("b");`, ["create a", "create b"]),
    up(
      `new Fake("a", {}, { aliases: [{ type: "fake:index:Group" }] });
       class Pair extends pulumi.ComponentResource {
         constructor(name, opts) { super("fake:index:Pair", name, {}, opts); }
       }
       new Pair("b", { aliases: [{ type: "${thing}" }] });`,
      {
        steps: ["create-replacement a", "replace a", "replace b", "delete-replaced b"],
        things: ["a"],
      },
    ),
  ],
};
