import { test } from "node:test";
import { TestStack } from "../deploy/harness.ts";
import { embedded } from "./embedded.ts";
import { groups } from "./groups.ts";
import { play } from "./scenario.ts";

for (const [group, scenarios] of Object.entries(groups)) {
  for (const [name, stages] of Object.entries(scenarios)) {
    test(`${group}: ${name}`, async (context) => {
      await play(stages, embedded(await TestStack.create(context)));
    });
  }
}
