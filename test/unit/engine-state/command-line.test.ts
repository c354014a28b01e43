import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { diffLines, diffSummary, outputLines } from "../../../engine/src/cli/display/diff.ts";
import { shortType } from "../../../engine/src/cli/display/names.ts";
import { ago, roundDuration, stepDuration } from "../../../engine/src/cli/display/time.ts";
import { formatValue } from "../../../engine/src/cli/display/values.ts";
import { type FlagSpecs, parseFlags, wordsOf } from "../../../engine/src/cli/flags.ts";
import type { ResourceState, StepMetadata } from "../../../engine/src/deploy/types.ts";
import { type PropertyMap, Secret, Unknown } from "../../../engine/src/values/values.ts";

describe("flags", () => {
  const specs: FlagSpecs = {
    yes: { type: "boolean", short: "y", help: "" },
    stack: { type: "string", short: "s", help: "" },
    target: { type: "list", short: "t", help: "" },
    parallel: { type: "integer", short: "p", help: "" },
    refresh: { type: "optional", short: "r", help: "" },
  };

  test("are taken as the real CLI takes them", () => {
    const { flags, args } = parseFlags(
      ["a", "-ys", "dev", "--target=x=1", "-t", "--odd", "--parallel=3", "--refresh", "b", "--", "-c"],
      specs,
    );
    assert.deepEqual(args, ["a", "b", "-c"]);
    assert.equal(flags.isOn("yes"), true);
    assert.equal(flags.text("stack"), "dev");
    assert.deepEqual(flags.list("target"), ["x=1", "--odd"]);
    assert.equal(flags.number("parallel"), 3);
    assert.equal(flags.text("refresh"), "true");
    assert.equal(parseFlags(["--yes=false", "--refresh=false"], specs).flags.isOn("yes"), false);
    const short = parseFlags(["-s=dev", "-yp=0x10", "-tfirst", "--yes=T", "-", "--stack="], specs);
    assert.deepEqual(short.flags.list("stack"), ["dev", ""]);
    assert.deepEqual([short.flags.number("parallel"), short.flags.text("target")], [16, "first"]);
    assert.deepEqual([short.flags.list("yes"), short.args], [["true", "true"], ["-"]]);
    const words = wordsOf(["-s", "dev", "stack", "--yes", "output", "--odd", "value", "--", "x"], specs);
    assert.deepEqual(
      words.map(({ word }) => word),
      ["stack", "output"],
    );
  });

  test("are refused in its words", () => {
    const refused = (argv: string[], message: RegExp) => assert.throws(() => parseFlags(argv, specs), message);
    refused(["--x"], /^Error: unknown flag: --x$/);
    refused(["-x"], /unknown shorthand flag: 'x' in -x/);
    refused(["--stack"], /flag needs an argument: --stack/);
    refused(["-ys"], /flag needs an argument: 's' in -s/);
    refused(["---x"], /bad flag syntax: ---x/);
    refused(
      ["--parallel", "1.1"],
      /invalid argument "1.1" for "-p, --parallel" flag: strconv.ParseInt: parsing "1.1": invalid syntax/,
    );
    refused(["--yes=perhaps"], /invalid argument "perhaps" for "-y, --yes" flag/);
  });
});

function step(
  olds: PropertyMap | undefined,
  news: PropertyMap | undefined,
  more: Partial<StepMetadata> = {},
): StepMetadata {
  const state = (inputs: PropertyMap): ResourceState => ({ urn: "u", custom: true, type: "t", inputs, outputs: {} });
  return {
    op: "update",
    urn: "u",
    type: "t",
    logical: true,
    provider: "",
    ...(olds === undefined ? {} : { old: state(olds) }),
    ...(news === undefined ? {} : { new: state(news) }),
    ...more,
  };
}

describe("what changes", () => {
  const olds = {
    same: 1,
    text: "a",
    gone: true,
    deep: { list: [1, 2], other: 0 },
    password: new Secret("old"),
    __internal: 1,
  };
  const news = {
    same: 1,
    text: Unknown.value,
    deep: { list: [1, 3, 4], other: 0 },
    password: new Secret("new"),
    made: { a: null },
    __internal: 2,
  };

  test("is named in one word a property", () => {
    assert.equal(diffSummary(step(olds, news)), "[diff: +made-gone~deep,password,text]");
    assert.equal(diffSummary(step(undefined, news)), "");
    assert.equal(diffSummary(step(olds, olds)), "");
    const drift = { "ports[0].external": { kind: "update", inputDiff: false } };
    assert.equal(diffSummary(step(olds, olds, { detailedDiff: drift })), "[diff: ~ports]");
  });

  test("is shown with both values, and secrets are not", () => {
    const lines = diffLines(step(olds, news), "");
    assert.deepEqual(lines, [
      "~ deep: {",
      "    ~ list: [",
      "        ~ [1]: 2 => 3",
      "        + [2]: 4",
      "      ]",
      "  }",
      "- gone: true",
      "+ made: {\n      a: <null>\n  }",
      "~ password: [secret] => [secret]",
      '~ text: "a" => [unknown]',
    ]);
    assert.deepEqual(diffLines(step(olds, undefined, { op: "delete" }), ""), []);
  });

  test("in outputs stands beside what stays", () => {
    const [before, after] = [
      { hidden: new Secret(1), joined: "a", old: 1 },
      { hidden: new Secret(1), joined: "b" },
    ];
    assert.deepEqual(outputLines(before, after, false), [
      "    hidden: [secret]",
      '  ~ joined: "a" => "b"',
      "  - old   : 1",
    ]);
    assert.deepEqual(outputLines(before, after, true), ['  ~ joined: "a" => "b"', "  - old   : 1"]);
    assert.deepEqual(outputLines({}, { a: 1 }, true), ["  + a: 1"]);
  });

  test("long texts are cut to one line", () => {
    assert.equal(formatValue("one\ntwo"), '"one..."');
    assert.equal(formatValue("x".repeat(200)), `"${"x".repeat(150)}..."`);
    assert.equal(
      formatValue({ a: [], b: {}, c: ["x"] }),
      '{\n    a: []\n    b: {}\n    c: [\n        [0]: "x"\n    ]\n}',
    );
  });
});

test("types and times as people read them", () => {
  assert.equal(shortType("docker:index/service:Service"), "docker:index:Service");
  assert.equal(shortType("pulumi-nodejs:dynamic/bench:Rand"), "pulumi-nodejs:dynamic/bench:Rand");
  assert.equal(shortType("pulumi:pulumi:Stack"), "pulumi:pulumi:Stack");
  assert.equal(stepDuration(512), "0.51s");
  assert.equal(roundDuration(125_000), "2m5s");
  assert.equal(ago(new Date(0), new Date(3_600_000)), "1 hour ago");
});
