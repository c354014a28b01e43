import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { run } from "../../../engine/src/embed/run.ts";
import { InlineServer } from "./inline.ts";

const servers = () => process.getActiveResourcesInfo().filter((kind) => kind === "TCPServerWrap").length;

test("a deployment that is given up while it begins leaves no server behind", async () => {
  await using program = await InlineServer.start();
  const before = servers();
  const options = {
    ...{ project: "project", stack: "test", root: process.cwd(), kind: "update" as const, dryRun: false },
    program: { languageServer: program.address },
  };
  const signals = { cancel: new AbortController().signal, terminate: AbortSignal.abort() };
  const { result } = await run(
    options,
    { resources: [], pendingOperations: [] },
    { persist: async () => {}, ...signals },
  );
  assert.equal(result, "canceled");
  // What listens late would listen by now.
  for (let turns = 0; turns < 100; turns++) await turn();
  assert.equal(servers(), before);
});
