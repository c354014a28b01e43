import assert from "node:assert/strict";
import { test } from "node:test";
import { aliasUrns } from "../../../engine/src/deploy/aliases.ts";
import { plainGoal } from "../../../engine/src/deploy/goal.ts";
import { seconds } from "../../../engine/src/deploy/request.ts";
import { globPattern } from "../../../engine/src/deploy/targets.ts";
import { parseUrn } from "../../../engine/src/deploy/urn.ts";
import { diffProperties } from "../../../engine/src/plugin/diff.ts";
import { equal } from "../../../engine/src/values/equality.ts";
import { formatPath, parsePath, resetPath, within } from "../../../engine/src/values/paths.ts";
import { annotate } from "../../../engine/src/values/secrets.ts";
import { Output, Secret, Unknown } from "../../../engine/src/values/values.ts";

test("outputs are secret where the inputs of the same name are", () => {
  const outputs = annotate(
    { password: "p", env: { A: "a", B: "b" }, list: ["x", "y"], longer: ["x", "y"], id: "1", gone: null },
    {
      password: new Secret("p"),
      env: { A: new Secret("a"), B: "b" },
      list: ["x", new Secret("y")],
      longer: [new Secret("x")],
      gone: new Secret("g"),
    },
  );
  assert.deepEqual(outputs, {
    password: new Secret("p"),
    env: { A: new Secret("a"), B: "b" },
    list: ["x", new Secret("y")],
    longer: new Secret(["x", "y"]),
    id: "1",
    gone: null,
  });
});

test("differences of inputs, by path", () => {
  const olds = { same: 1, gone: 1, deep: { list: [{ a: 1 }, { a: 2 }] }, hidden: new Secret("x"), __own: 1 };
  const news = {
    same: 1,
    come: 1,
    deep: { list: [{ a: 1 }, { a: 3 }, 4] },
    hidden: "x",
    "a.b": Unknown.value,
    __own: 2,
  };
  const kinds = Object.fromEntries(Object.entries(diffProperties(olds, news)).map(([path, { kind }]) => [path, kind]));
  assert.deepEqual(kinds, {
    gone: "delete",
    come: "add",
    "deep.list[1].a": "update",
    "deep.list[2]": "add",
    '["a.b"]': "add",
  });
});

test("property paths", () => {
  for (const path of ["a", "a.b[0].c", '["x.y"].z', "a[0][1]"]) assert.equal(formatPath(parsePath(path)), path);
  assert.deepEqual(parsePath('root.items[*]["a \\"b\\""]'), ["root", "items", "*", 'a "b"']);
  assert.throws(() => parsePath("a[b"), /no property path/);
  assert.ok(within(parsePath("a.*"), parsePath("a.b.c")));
  assert.ok(!within(parsePath("a.b.c"), parsePath("a.b")));
  assert.deepEqual(resetPath({ a: { b: 2, c: 2 } }, { a: { b: 1 } }, parsePath("a.b")), { a: { b: 1, c: 2 } });
  assert.deepEqual(resetPath({ a: 2, b: 1 }, { b: 1 }, parsePath("a")), { b: 1 });
  assert.deepEqual(resetPath({ b: 1 }, { a: 2, b: 1 }, parsePath("a")), { a: 2, b: 1 });
  assert.deepEqual(resetPath({ l: [{ x: 1 }, { x: 2 }] }, { l: [{ x: 5 }] }, parsePath("l[*].x")), {
    l: [{ x: 5 }, { x: 2 }],
  });
});

test("names: URNs, aliases, globs and durations", () => {
  const urn = "urn:pulumi:s::p::a:b:C$d:e:F::odd::name";
  assert.deepEqual(parseUrn(urn), { stack: "s", project: "p", qualifiedType: "a:b:C$d:e:F", name: "odd::name" });
  assert.throws(() => parseUrn("web"), /no URN/);
  const goal = plainGoal({
    type: "t:i:T",
    name: "new-db",
    custom: true,
    properties: {},
    parent: "urn:pulumi:s::p::t:i:G::new",
    aliases: [{ type: "t:i:Old" }],
  });
  assert.deepEqual(
    aliasUrns(goal, "urn:pulumi:s::p::t:i:G$t:i:T::new-db", { stack: "s", project: "p" }, [
      "urn:pulumi:s::p::t:i:G::old",
    ]),
    [
      "urn:pulumi:s::p::t:i:G$t:i:T::old-db",
      "urn:pulumi:s::p::t:i:G$t:i:Old::new-db",
      "urn:pulumi:s::p::t:i:G$t:i:Old::old-db",
    ],
  );
  assert.ok(globPattern("**::web*").test("urn:pulumi:s::p::t:i:T::web.1"));
  assert.ok(!globPattern("urn:pulumi:s::p::*").test("urn:pulumi:s::p::t:i:T::web"));
  assert.equal(seconds("1h1m1.5s"), 3661.5);
  assert.equal(seconds(""), undefined);
  assert.throws(() => seconds("soon"), /no duration/);
});

test("a secret equals only a secret of the same value, and an output only an output", () => {
  assert.ok(equal(new Secret("a"), new Secret("a")));
  for (const other of ["a", new Secret("b"), new Output("a", false, []), { value: "a" }]) {
    assert.ok(!equal(new Secret("a"), other), JSON.stringify(other));
    assert.ok(!equal(other, new Secret("a")), JSON.stringify(other));
  }
  assert.ok(equal(new Output("a", false, []), new Output("a", false, [])));
  assert.ok(!equal(new Output("a", false, []), { value: "a", secret: false }));
});
