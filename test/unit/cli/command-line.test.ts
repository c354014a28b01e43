import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCommandLine } from "../../../cli/command-line.ts";
import { appOption, type Command } from "../../../cli/commands/command.ts";
import { restartCommand } from "../../../cli/commands/restart.ts";
import { usageCommand } from "../../../cli/commands/usage.ts";
import { serverEvents } from "../../../cli/events.ts";
import { hours, table, timeAgo } from "../../../cli/output.ts";

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
  assert.deepEqual(parseCommandLine(restartCommand, ["web", "-a", "shop"]).positionals, ["web"]);
  assert.throws(() => parseCommandLine(usageCommand, ["web"]), /Unexpected argument 'web'/);
  assert.throws(() => parseCommandLine(restartCommand, ["--nonsense"]), /Unknown option '--nonsense'/);
});

test("times, tables", () => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5);
  const ago = (milliseconds: number) => /\(.*\)/.exec(timeAgo(new Date(now - milliseconds).toISOString(), now))?.[0];
  assert.deepEqual([5e3, 120e3, 7200e3, 25 * 3600e3].map(ago), ["(~ 5s ago)", "(~ 2m ago)", "(~ 2h ago)", undefined]);
  assert.match(timeAgo(new Date(now).toISOString(), now), /^\d{4}\/\d\d\/\d\d \d\d:\d\d:05 [+-]\d{4} \(~ 0s ago\)$/);
  assert.equal(hours(3 * 3600 + 61), "3h 1m");
  assert.equal(
    table([
      ["a", "bb"],
      ["ccc", ""],
    ]),
    "a    bb\nccc",
  );
});

test("events of a stream, however it is cut", async () => {
  const text = "retry: 1\n\nid: 1\ndata: ä one\n\n:\n\nid: 2\ndata: two\ndata: more\n\ndata: lost";
  const bytes = Buffer.from(text);
  for (const size of [1, 7, 1000]) {
    const chunks = async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    };
    const events = await Array.fromAsync(serverEvents(chunks()));
    assert.deepEqual(events, [
      { id: "1", data: "ä one" },
      { id: "2", data: "two\nmore" },
    ]);
  }
});
