import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parse } from "yaml";
import { refuseAmbiguous } from "../../../infra/stack/written-values.ts";
import { UserError } from "../../../lib/errors.ts";
import { Problems } from "../../../lib/validation/problems.ts";
import { isRecord } from "../../../lib/validation/readers.ts";

/** What is said of a file's config vars, which arrive as our engine reads them, or as `received`. */
function problemsOf(text: string, received?: Record<string, unknown>): readonly string[] {
  const problems = new Problems();
  const values: unknown = received ?? parse(text).config["dynoform:config"];
  assert.ok(isRecord(values));
  refuseAmbiguous({ name: "Pulumi.shop.yaml", text }, values, problems);
  try {
    problems.check();
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
  return [];
}

const file = (value: string) => `config:\n  dynoform:app: {}\n  dynoform:config:\n    A: ${value}\n`;

test("each value that a reader of YAML changes is refused with its line and the mend", () => {
  const text = `config:
  dynoform:app: {}
  dynoform:config:
    PIN: 01234
    PHONE: +491701234567 # of the office
    BIG: 100
`;
  assert.deepEqual(problemsOf(text), [
    'Pulumi.shop.yaml:4: dynoform:config.PIN: 01234 without quotes is no text to every reader of YAML; write PIN: "01234"',
    'Pulumi.shop.yaml:5: dynoform:config.PHONE: +491701234567 without quotes is no text to every reader of YAML; write PHONE: "+491701234567"',
  ]);
});

test("numbers, null and booleans in every other form are refused", () => {
  const forms =
    "01234 +49 1234e5 0x1F 0o17 3.10 3. .5 -.5e3 12345678901234567890 ~ null NULL True FALSE .inf -.Inf .nan 1.0".split(
      " ",
    );
  for (const form of [...forms, ""]) assert.equal(problemsOf(file(form)).length, 1, form);
});

test("what one reader alone takes for a number is refused by that one", () => {
  for (const [form, received] of [
    ["1_000", 1000],
    ["0b11", 3],
    ["01234", 668],
  ] as const) {
    assert.equal(problemsOf(file(form), { A: received }).length, 1, form);
  }
});

test("what says the same to every reader is taken as it is", () => {
  const forms = [
    "100",
    "0",
    "-7",
    "true",
    "false",
    '"01234"',
    "'0x1F'",
    "!!str 01234",
    "hello",
    "1.2.3",
    "10.0.0.1",
    "v2",
  ];
  for (const form of [...forms, "yes", "off", "12:30", "+49 170 12", "0xyz", "|\n      012"]) {
    assert.deepEqual(problemsOf(file(form)), [], form);
  }
});

test("a date is refused where it arrives as a time, as by the real CLI", () => {
  assert.deepEqual(problemsOf(file("2026-01-31")), []);
  assert.equal(problemsOf(file("2026-01-31"), { A: "2026-01-31T00:00:00Z" }).length, 1);
});

test("a value that another took the place of, as in a preview, is none of the file's", () => {
  assert.deepEqual(problemsOf(file("01234"), { A: "new" }), []);
  assert.deepEqual(problemsOf(file("01234"), {}), []);
});

test("whatever is not refused arrives as it stands in the file", () => {
  const plain = fc
    .stringMatching(/^[-+.\w~]{1,12}$/)
    .filter((text) => text !== "-" && text !== "---" && text !== "...");
  fc.assert(
    fc.property(plain, (text) => {
      if (problemsOf(file(text)).length > 0) return;
      assert.equal(String(parse(file(text)).config["dynoform:config"].A), text);
    }),
    { numRuns: 3000 },
  );
});
