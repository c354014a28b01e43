/**
 * Plays the engine's behaviours on the real Pulumi CLI, then runs `platform` and `hello` on it, with our providers as
 * its plugins, and opens the states of either engine with the other. Usage: npm run test:real
 */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { parseDocument } from "yaml";
import { changed } from "../../services/stacks/engine.ts";
import { startGitHubForPlatforms } from "../support/github/linked-app.ts";
import { type TestPlatform, testPlatform } from "../support/platform.ts";
import "./behaviours.ts";
import "./github-link.ts";
import { deploysFromGitHub } from "./github-worker.ts";
import "./postgres-state.ts";
import { writePlugin } from "./plugins.ts";
import { realCli, realCliFolder } from "./real-cli.ts";

const hello = {
  source: { path: "apps/hello" },
  formation: { web: { quantity: 1, size: "free" } },
  addons: { DATABASE: { service: "postgresql", plan: "mini" } },
};

test("the real CLI and the embedded engine run the same stacks and take over each other's", async (t) => {
  const binary = await realCli((line) => t.diagnostic(line));
  await using github = await startGitHubForPlatforms();
  await using platform = await testPlatform({ github: { baseUrl: github.url } });
  const folder = await realCliFolder(binary, join(platform.directory, "bin"));
  // In both engines' turns: where the real CLI lies is mounted into the runner.
  process.env.PATH = `${folder}${delimiter}${process.env.PATH}`;
  await declarePlugins(platform);
  await platform.copyExample("flask-hello", "hello");
  await platform.app("hello", hello, { GREETING: "one" });

  const use = (engine: "real" | "embedded") => {
    process.env.PULUMI_CLI = engine;
  };
  /** A stack file alone decides what an `up` does: neither engine may see a change the other does not. */
  const unchanged = async (engine: "real" | "embedded") => {
    use(engine);
    for (const outcome of await platform.up())
      assert.equal(changed(outcome), 0, `${engine}: ${JSON.stringify(outcome)}`);
  };

  await t.test("up on the real CLI", async () => {
    use("real");
    assert.match((await platform.pulumi("version")).output, /v3\.256\.0/);
    await platform.up();
    assert.equal((await platform.fetch("hello")).status, 200);
  });
  await t.test("a second up changes nothing", () => unchanged("real"));
  await t.test("a change makes a new dyno and removes the old one", async () => {
    await platform.app("hello", hello, { GREETING: "two" });
    const [outcome] = await platform.up("hello");
    assert.ok(outcome !== undefined && changed(outcome) > 0);
    assert.match((await platform.fetch("hello")).body, /two/);
    await unchanged("real");
  });
  await t.test("the embedded engine opens the real CLI's state without a change", () => unchanged("embedded"));
  await t.test("the real CLI opens what the embedded engine wrote", async () => {
    use("embedded");
    await platform.app("hello", hello, { GREETING: "three" });
    await platform.up("hello");
    assert.match((await platform.fetch("hello")).body, /three/);
    await unchanged("real");
  });
  await t.test("an app is deployed from GitHub on the real CLI", (part) => {
    use("real");
    return deploysFromGitHub(part, platform, github);
  });
  await t.test("down on the real CLI", async () => {
    use("real");
    const down = await platform.dynoform("down", "--yes");
    assert.equal(down.exitCode, 0, down.output);
  });
});

async function declarePlugins(platform: TestPlatform): Promise<void> {
  const file = join(platform.directory, "Pulumi.yaml");
  const document = parseDocument(await readFile(file, "utf8"));
  for (const name of ["docker", "postgresql", "github"]) {
    document.addIn(["plugins", "providers"], { name, path: `./plugins/${name}` });
    await writePlugin(join(platform.directory, "plugins", name), name);
  }
  await writeFile(file, document.toString());
}
