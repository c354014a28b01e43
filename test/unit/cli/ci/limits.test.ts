import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { markdownOf } from "../../../../cli/commands/ci/markdown.ts";
import { code, cut, row } from "../../../../cli/commands/ci/markup.ts";
import type { StackReport } from "../../../../cli/commands/ci/report.ts";
import { planned } from "./planned.ts";

/** Texts that would break out of their places. */
const nasty = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("`", "``|", "</details>", "<!-- -->", "a\nb", "@octocat", "\u202e"),
);

const change = fc
  .record({
    act: fc.constantFrom("create", "update", "replace", "delete"),
    name: nasty,
    was: nasty,
    loses: fc.option(fc.constant("database" as const), { nil: undefined }),
  })
  .map(({ act, name, was, loses }) =>
    planned(act as "create", "a:b:C", name, { differences: [{ path: "p", was }], ...(loses && { loses }) }),
  );

const stack = fc
  .record({
    stack: nasty,
    status: fc.constantFrom("changed", "unchanged", "failed", "new", "elsewhere"),
    planned: fc.array(change, { maxLength: 60 }),
    error: nasty,
  })
  .map(
    ({ status, ...more }): StackReport => ({
      ...more,
      status: status as StackReport["status"],
      file: "f",
      line: 1,
      reason: "file",
      same: 1,
      denied: more.planned.slice(0, 3).map((each) => ({ rule: "delete:addon", planned: each })),
    }),
  );

test("whatever stands in it, a report keeps to its limit, and nothing in it is cut in two", () => {
  fc.assert(
    fc.property(fc.array(stack, { maxLength: 40 }), fc.integer({ min: 300, max: 70_000 }), (stacks, limit) => {
      const report = { project: "p", base: "b", head: "h", stacks, removed: ["x"], untouched: 3 };
      const text = markdownOf(report, limit);
      assert.ok(text.length <= limit, `${text.length} > ${limit}`);
      assert.ok(text.startsWith("## Dynoform: "));
      assert.ok(text.isWellFormed() || !stacks.every(({ stack: name }) => name.isWellFormed()));
      const outside = text.replaceAll(/^(`{3,})\n[\s\S]*?\n\1$/gm, "");
      for (const row of outside
        .split("\n")
        .filter((each) => each.startsWith("| ") && !each.startsWith("| |") && !each.startsWith("| ---"))) {
        assert.equal(row.replaceAll("\\|", "").split("|").length, 5, row);
      }
      const tags = outside.replaceAll(/(`+)(?!`).*?[^`]\1(?!`)/g, "").match(/<\/?details>/g) ?? [];
      assert.equal(tags.length % 2, 0);
    }),
    { numRuns: 300 },
  );
});

test("text stays text", () => {
  assert.equal(row(code("a|b"), "c"), "| `a\\|b` | c |");
  assert.equal(code("`"), "`` ` ``");
  assert.equal(code(""), "`  `");
  assert.equal(code("a\n<!-- x -->\u202e"), "`a <!-- x --> `");
  assert.equal(cut("a😀b", 3), "a…");
  assert.equal(cut("abc", 3), "abc");
});
