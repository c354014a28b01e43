import { globSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { type Case, runCase } from "../support/cases.ts";
import { testPlatform } from "../support/platform.ts";

/** Each file of `cases/` exports `cases`: apps of one kind. */
const files = globSync("cases/*.ts", { cwd: import.meta.dirname }).sort();

test("apps that people have run as they are", { timeout: 1_200_000, concurrency: 3 }, async (t) => {
  await using platform = await testPlatform({ proxies: ["127.0.0.1"] });
  await platform.up();
  const all = await Promise.all(files.map((file) => import(resolve(import.meta.dirname, file))));
  const cases = all.flatMap((file: { cases: readonly Case[] }) => file.cases);
  await Promise.all(cases.map((it) => t.test(it.name, (t) => runCase(t, platform, it))));
});
