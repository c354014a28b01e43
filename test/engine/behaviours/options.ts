import { preview, type Scenarios, up } from "./scenario.ts";

/** Things of files with that content. */
const files = (content: string) => `
  const { mkdirSync, writeFileSync } = await import("node:fs");
  const { FileArchive, FileAsset, AssetArchive, StringAsset } = pulumi.asset;
  mkdirSync("files", { recursive: true });
  writeFileSync("files/it.txt", "${content}");
  new Fake("text", { it: new StringAsset("${content}") });
  new Fake("file", { it: new FileAsset("files/it.txt") });
  new Fake("archive", { it: new AssetArchive({ "a/it": new FileAsset("files/it.txt"), b: new StringAsset("b") }) });
  new Fake("folder", { it: [new FileArchive("./files")] });`;

const asItIs = "pulumi.runtime.registerResourceTransform(({ props, opts }) => ({ props, opts }));";

export const options: Scenarios = {
  "ignored changes stay out, in lists and objects too": [
    up(`new Fake("a", { value: 1, list: [{ x: 1, y: 1 }], map: { k: 1, l: 1 } });`, ["create a"]),
    up(
      `new Fake("a", { value: 2, list: [{ x: 2, y: 1 }], map: { k: 2, l: 1 } },
         { ignoreChanges: ["value", "list[0].x", "map.k"] });`,
      ["same a"],
    ),
    up(
      `new Fake("a", { value: 2, list: [{ x: 2, y: 2 }], map: { k: 2, l: 1 } },
         { ignoreChanges: ["value", "list[*].x", "map.*"] });`,
      ["update a"],
    ),
    up(`new Fake("a", { value: 2 }, { ignoreChanges: ["*"] });`, ["same a"]),
    up(`new Fake("a", { value: 3 }, { ignoreChanges: ["nothing.here[3]", "value"] });`, ["update a"]),
  ],
  "secret outputs that were asked for stay so": [
    up(
      `const a = new Fake("a", { value: 1 }, { additionalSecretOutputs: ["token"] });
       new Fake("b", { from: a.token });`,
      ["create a", "create b"],
    ),
    up(
      `const a = new Fake("a", { value: 1 }, { additionalSecretOutputs: ["token"] });
       new Fake("b", { from: a.token });`,
      ["same a", "same b"],
    ),
  ],
  "a value that becomes a secret is no change": [
    up(`new Fake("a", { value: "x" });`, ["create a"]),
    up(`new Fake("a", { value: pulumi.secret("x") });`, ["same a"]),
  ],
  "names may hold anything": [
    up(`for (const name of ["a b", "ä/ö", "x::y", "q'\\"", "$z"]) new Fake(name);`, [
      "create a b",
      "create ä/ö",
      "create x::y",
      "create q'\"",
      "create $z",
    ]),
    up(`for (const name of ["a b", "ä/ö", "x::y", "q'\\"", "$z"]) new Fake(name);`, [
      "same a b",
      "same ä/ö",
      "same x::y",
      "same q'\"",
      "same $z",
    ]),
  ],
  "a preview says what an update does": [
    preview(`const a = new Fake("a", { value: 1 }); new Fake("b", { from: a.token });`, ["create a", "create b"]),
    up(`const a = new Fake("a", { value: 1, key: 1 }); new Fake("b", { from: a.token }); new Fake("c");`, [
      "create a",
      "create b",
      "create c",
    ]),
    preview(`const a = new Fake("a", { value: 2, key: 1 }); new Fake("b", { from: a.token });`, {
      steps: ["update a", "update b", "delete c"],
      calls: [],
    }),
    preview(`const a = new Fake("a", { value: 2, key: 2 }); new Fake("b", { from: a.token }); new Fake("c");`, {
      steps: ["create-replacement a", "replace a", "delete-replaced a", "update b", "same c"],
      calls: [],
    }),
  ],
  "what is made anew has what the program says, ignored or not": [
    up(`new Fake("a", { value: 1, key: 1 });`, ["create a"]),
    up(`new Fake("a", { value: 2, key: 2 }, { ignoreChanges: ["value"] });`, [
      "create-replacement a",
      "replace a",
      "delete-replaced a",
    ]),
    up(`new Fake("a", { value: 2, key: 2 });`, ["same a"]),
  ],
  "assets and archives are compared by their contents": [
    up(files("one"), ["create text", "create file", "create archive", "create folder"]),
    up(files("one"), { steps: ["same text", "same file", "same archive", "same folder"], calls: [] }),
    up(files("two"), ["update text", "update file", "update archive", "update folder"]),
    up(files("two").replace('new FileAsset("files/it.txt")', 'new StringAsset("two")'), {
      steps: ["same text", "same file", "same archive", "same folder"],
      calls: [],
    }),
  ],
  "assets go through transforms as they are": [
    up(`${asItIs} ${files("one")}`, ["create text", "create file", "create archive", "create folder"]),
    up(files("one"), { steps: ["same text", "same file", "same archive", "same folder"], calls: [] }),
    up(`${asItIs} ${files("two")}`, ["update text", "update file", "update archive", "update folder"]),
  ],
  "transforms come in the order of own, ancestors', all": [
    up(
      `pulumi.runtime.registerResourceTransform(({ type, props, opts }) =>
         type === "fake:index:Thing" ? { props: { ...props, order: props.order + " all" }, opts } : undefined);
       const named = (name) => ({ type, props, opts }) =>
         type === "fake:index:Thing" ? { props: { ...props, order: props.order + " " + name }, opts } : undefined;
       const outer = new pulumi.ComponentResource("fake:index:Group", "outer", {}, { transforms: [named("outer")] });
       const inner = new pulumi.ComponentResource("fake:index:Group", "inner", {},
         { parent: outer, transforms: [named("inner")] });
       new Fake("a", { order: "" }, { parent: inner, transforms: [named("one"), named("two")] });`,
      ["create outer", "create inner", "create a"],
    ),
    up(
      `new Fake("a", { order: " one two inner outer all" }, { parent: new Group("inner", { parent: new Group("outer") }) });`,
      ["same outer", "same inner", "same a"],
    ),
  ],
  "a transform may give another provider": [
    up(
      `const account = new FakeAccount("account", { account: "x" });
       pulumi.runtime.registerResourceTransform(({ type, props, opts }) =>
         type === "fake:index:Thing" ? { props, opts: { ...opts, provider: account } } : undefined);
       await account.urn;
       new Fake("a");`,
      ["create account", "create a"],
    ),
    up(`const account = new FakeAccount("account", { account: "x" }); new Fake("a", {}, { provider: account });`, [
      "same account",
      "same a",
    ]),
  ],
};
