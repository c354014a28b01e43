/** What Ctrl-C and `kill -9` leave behind, with a provider that waits until a file says that it may go on. */
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { until } from "../../support/until.ts";
import { finished, printed, TestProject } from "./harness.ts";

let project: TestProject;
before(async () => {
  project = await TestProject.create("slow", {
    "Pulumi.yaml": `name: slow
runtime: { name: nodejs, options: { typescript: false } }
main: index.ts
plugins: { providers: [{ name: slow, path: ./provider }] }
`,
    "provider/index.ts": `import { existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
export const createProvider = () => ({
  name: "slow",
  version: "1.0.0",
  configure: async () => {},
  check: async ({ news }) => ({ inputs: news }),
  diff: async () => ({ changes: undefined }),
  create: async ({ name, inputs, signal, preview }) => {
    while (!preview && !existsSync(inputs.gate)) {
      if (signal.aborted) throw new Error("gave up waiting");
      await setTimeout(5);
    }
    return { id: name, outputs: inputs };
  },
  read: async ({ id, outputs }) => ({ id, outputs }),
  update: async ({ news }) => news,
  delete: async () => {},
  invoke: async () => ({ outputs: {} }),
  recover: async () => undefined,
});
`,
    "index.ts": `import { CustomResource } from "@pulumi/pulumi";
for (const name of ["quick", "slow"]) {
  new CustomResource("slow:index:Thing", name, { gate: new URL(name === "quick" ? "Pulumi.yaml" : "gate", import.meta.url).pathname });
}
`,
  });
  await project.ok("stack", "init", "d");
});
after(() => project[Symbol.asyncDispose]());

const locks = async () => readdir(project.state("locks", "organization", "slow", "d"));

test("the first Ctrl-C ends the update in good order", async () => {
  const up = project.start(["up", "--yes", "--skip-preview"]);
  const end = finished(up);
  await printed(up, /(?=.*Thing quick created)(?=.*Thing slow creating)/s);
  up.kill("SIGINT");
  const { code, stdout } = await end;
  assert.equal(code, 1);
  assert.match(stdout, /\^C received; cancelling\. If you would like to terminate immediately, press \^C again\.\n/);
  assert.match(stdout, /error: update canceled/);
  assert.deepEqual(await locks(), []);
  assert.match(await project.checkpoint("d"), /Thing::quick","custom":true,"id":"quick"/);
  assert.equal(JSON.parse(await project.ok("stack", "history", "--json"))[0].result, "failed");
});

test("after kill -9 the state is whole, and the next update takes over the lock and completes", async () => {
  const up = project.start(["up", "--yes", "--skip-preview"]);
  const end = finished(up);
  await printed(up, /Thing slow creating/);
  // What is about to be made is noted before anything is made.
  await until("a pending operation", async () => (await project.checkpoint("d")).includes("pending_operations"));
  up.kill("SIGKILL");
  await end;
  assert.equal((await locks()).length, 1);
  const state = JSON.parse(await project.checkpoint("d"));
  assert.equal(state.checkpoint.latest.pending_operations?.[0]?.type, "creating");
  await writeFile(project.path("gate"), "");
  const next = await project.run(["up", "--yes", "--skip-preview"]);
  assert.equal(next.code, 0, next.stdout + next.stderr);
  assert.match(next.stderr, /^Taking over the lock of process \d+ .*, which ended without releasing it\.\n/);
  assert.deepEqual(await locks(), []);
  assert.match(next.stdout, /Thing slow created/);
  const names = JSON.parse(await project.checkpoint("d")).checkpoint.latest.resources.map(
    ({ urn }: { urn: string }) => urn,
  );
  assert.equal(names.length, 4, "stack, provider and two resources, each once");
  assert.match(await project.ok("preview"), /3 unchanged/);
  assert.ok((await readFile(project.state("stacks", "slow", "d.json.bak"), "utf8")).startsWith('{"version":3,'));
});
