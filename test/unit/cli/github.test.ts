import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { packageRoot } from "../../../lib/package-root.ts";
import { serve, TOKEN } from "../control-plane/api/served.ts";

/** A project whose platform is the server of the tests, and the command in it. */
async function project() {
  const served = await serve();
  const folder = await mkdtemp(join(tmpdir(), "github-verbs-"));
  const directory = join(folder, "run");
  await mkdir(join(directory, "control"), { recursive: true });
  await writeFile(join(directory, "control", "token"), `${TOKEN}\n`, { mode: 0o600 });
  await writeFile(join(folder, "Pulumi.yaml"), "name: shop\nruntime: nodejs\n");
  const settings = { name: "test", directory, ports: { api: served.port } };
  await writeFile(join(folder, "Pulumi.platform.yaml"), `config:\n  dynoform:platform: ${JSON.stringify(settings)}\n`);
  await writeFile(join(folder, "Pulumi.shop.yaml"), "config:\n  dynoform:app: {}\n");
  return {
    world: served.world,
    async run(args: readonly string[], input = ""): Promise<string> {
      const argv = [join(packageRoot(), "cli", "main.ts"), "github", ...args];
      const child = spawn(process.execPath, argv, { cwd: folder, env: { PATH: process.env.PATH ?? "" } });
      child.stdin.end(input);
      const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
      return output + errors;
    },
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

test("an account is connected, an app linked, looked at and unlinked", async () => {
  await using it = await project();
  const { run } = it;
  const before = "=== shop GitHub\n\nAccount:     none is connected\nRepository:  none\n";
  assert.equal(await run([]), before);
  assert.equal(await run(["connect"], "github_pat_octocat\n"), "Connected as octocat at https://github.com.\n");
  const linked = await run(["link", "octocat/hello", "--branch", "next", "--auto", "--wait-for-ci"]);
  assert.equal(linked, "shop is connected to octocat/hello, branch next.\n");
  assert.deepEqual(it.world.github.links.get("shop")?.waitForCi, true);
  it.world.github.states.set("shop", { waiting: "2222222 waits for build." });
  const status = await run(["status", "-a", "shop"]);
  assert.match(
    status,
    /^Account: +octocat\nRepository: +octocat\/hello\nBranch: +next\nAutomatic deploys: +once checks/m,
  );
  assert.match(status, /^Waiting: +2222222 waits for build\.\n$/m);
  it.world.github.left = ["Remove by hand: the webhook whose address names hello.github"];
  assert.equal(
    await run(["unlink"]),
    "shop is disconnected from octocat/hello.\nWarning: Remove by hand: the webhook whose address names hello.github\n",
  );
  assert.equal(it.world.github.links.size, 0);
});

test("each mistake has one line, and a token is no argument", async () => {
  await using it = await project();
  const { run } = it;
  assert.match(await run(["connect"]), /^error: there is no token on standard input\.\n$/);
  assert.match(
    await run(["connect", "github_pat_x"]),
    /^error: give the token by standard input, not as an argument\.\n$/,
  );
  assert.match(await run(["connect"], "github_pat_wrong"), /^error: GitHub does not take the credential.*\n$/);
  assert.match(await run(["link"]), /^error: say which: `dynoform github link OWNER\/NAME`\.\n$/);
  assert.match(await run(["link", "octocat/hello"]), /^error: Connect your GitHub account first.*\n$/);
  assert.match(await run(["unlink"]), /^error: Couldn't find a repository: shop is connected to none at GitHub\.\n$/);
  assert.match(await run(["fork"]), /^error: fork is nothing to do\. Use status, connect, link, unlink\.\n$/);
});
