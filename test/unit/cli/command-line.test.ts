import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCommandLine } from "../../../cli/command-line.ts";
import { appOption, type Command } from "../../../cli/commands/command.ts";
import { inviteCommand } from "../../../cli/commands/invite.ts";
import { usageCommand } from "../../../cli/commands/usage.ts";
import { hours, table } from "../../../cli/output.ts";

test("options of a command that is run are its own, ours are found wherever they stand", () => {
  const other: Command = {
    summary: "",
    help: "",
    options: {
      ...appOption,
      detached: { type: "boolean", short: "d" },
      env: { type: "string", short: "e", multiple: true },
    },
    positionals: "words",
    run: async () => {},
  };
  const parse = (...args: string[]) => {
    const { values, positionals } = parseCommandLine(other, args);
    return [{ ...values }, positionals];
  };
  assert.deepEqual(parse("-a", "shop", "ls", "-la", "--color=no"), [{ app: "shop" }, ["ls", "-la", "--color=no"]]);
  assert.deepEqual(parse("ls", "--app=shop", "-d"), [{ app: "shop", detached: true }, ["ls"]]);
  assert.deepEqual(parse("-e", "A=1", "env", "-e", "B=2"), [{ env: ["A=1", "B=2"] }, ["env"]]);
  assert.deepEqual(parse("-d", "--", "ls", "-a", "--", "-d"), [{ detached: true }, ["ls", "-a", "--", "-d"]]);
  assert.deepEqual(parse("--help"), [{ help: true }, []]);
  assert.throws(() => parse("ls", "-a"), /-a/);
});

test("arguments are taken by those who want some", () => {
  assert.deepEqual(parseCommandLine(inviteCommand, ["ada@example.com"]).positionals, ["ada@example.com"]);
  assert.throws(() => parseCommandLine(usageCommand, ["web"]), /Unexpected argument 'web'/);
  assert.throws(() => parseCommandLine(usageCommand, ["--nonsense"]), /Unknown option '--nonsense'/);
});

test("tables and hours", () => {
  assert.equal(hours(3 * 3600 + 61), "3h 1m");
  const rows = [
    ["a", "bb"],
    ["ccc", ""],
  ];
  assert.equal(table(rows), "a    bb\nccc");
});
