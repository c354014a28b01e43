import assert from "node:assert/strict";
import { test } from "node:test";
import { startGitHub } from "../support/github/github.ts";
import { testPlatform } from "../support/platform.ts";

const STACK = "shop.github";

test("a link that GitHub keeps from coming up or going keeps nothing else", async (t) => {
  await using github = await startGitHub();
  // The platform is on this machine alone.
  github.deliveries.mode = "lose";
  const repository = await github.repository("octo/shop", { private: true });
  await repository.commit("main", { Procfile: "web: true\n" });
  await using platform = await testPlatform();
  const link = { repository: "octo/shop", baseUrl: github.url, mode: "webhook", apps: { shop: { branch: "main" } } };
  await platform.stack(STACK, { "dynoform:github": link });
  const set = ["config", "set", "--secret", "--path", "dynoform:github-auth.token", github.token("octo").value];
  assert.equal((await platform.pulumi(...set, "--stack", STACK)).exitCode, 0);

  await t.test("an up brings up the platform, and says in a line what is wrong with the link", async () => {
    github.faults.current = { kind: "unreachable" };
    const up = await platform.dynoform("up");
    assert.equal(up.exitCode, 1, up.output);
    assert.match(
      up.output,
      /^error: shop\.github is not up, all else is: octo\/shop cannot be looked up: cannot reach GitHub/m,
    );
    assert.match(up.output, /admin@localhost/, "it went on to the end");
  });

  await t.test("with GitHub back the next up makes the webhook", async () => {
    github.faults.current = undefined;
    const up = await platform.dynoform("up");
    assert.equal(up.exitCode, 0, up.output);
    assert.equal(repository.hooks.size, 1);
    const again = await platform.dynoform("up");
    assert.match(again.output, /^0 changes$/m);
  });

  await t.test("a down says how to go on without GitHub, and removes the webhook with it", async () => {
    github.faults.current = { kind: "unreachable" };
    const stuck = await platform.dynoform("down", "--yes");
    assert.equal(stuck.exitCode, 1, stuck.output);
    assert.match(
      stuck.output,
      /error: the webhook of shop\.github could not be removed: .*cannot reach GitHub.*or forget the link/,
    );
    github.faults.current = undefined;
    const down = await platform.dynoform("down", "--yes");
    assert.equal(down.exitCode, 0, down.output);
    assert.match(down.output, /stack shop\.github, with the webhook of its repository/);
    assert.equal(repository.hooks.size, 0);
  });
});
