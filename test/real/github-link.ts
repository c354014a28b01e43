/** A link's stack on the real CLI, and taken over by the embedded engine. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../lib/package-root.ts";
import { finished } from "../engine/cli/harness.ts";
import { linkProject } from "../engine/github/link-project.ts";
import { writePlugin } from "./plugins.ts";
import { realCli } from "./real-cli.ts";

const UP = ["up", "--yes", "--skip-preview"] as const;

test("a link to GitHub on the real CLI, and its state in the embedded engine", async (t) => {
  const binary = await realCli((line) => t.diagnostic(line));
  let embedded = false;
  await using link = await linkProject({
    run(project, args) {
      if (embedded) return project.run(args);
      const command = [join(packageRoot(), "test", "real", "pulumi.ts"), binary, ...args];
      const env = { ...process.env, ...project.environment };
      return finished(
        spawn(process.execPath, command, { cwd: project.path(), env, stdio: ["ignore", "pipe", "pipe"] }),
      );
    },
    async plugins(project) {
      const folder = project.path("plugins", "github");
      await writePlugin(folder, "github");
      return { github: folder };
    },
  });
  const { github, repository } = link;

  await t.test("a preview shows the webhook, or what is missing in a line", async () => {
    assert.match(await link.ok("preview"), /github:index:RepositoryWebhook/);
    await link.declare({}, "nothing");
    const { code, stdout, stderr } = await link.pulumi("preview");
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, /error: the branch nothing of app hello is not in octo\/hello; push it/);
    await link.declare({});
    assert.equal(repository.hooks.size, 0);
  });

  await t.test("an up makes it, and neither engine changes anything afterwards", async () => {
    await link.ok(...UP);
    const [hook] = repository.hooks.values();
    const { webhook, credential } = await link.outputs();
    assert.deepEqual([webhook.id, hook?.config.secret], [String(hook?.id), webhook.secret]);
    assert.deepEqual(credential, { token: link.token.value });
    await link.ok(...UP, "--expect-no-changes");
    embedded = true;
    await link.ok(...UP, "--expect-no-changes");
    await link.declare({ secretGeneration: 2 });
    await link.ok(...UP);
    assert.equal([...repository.hooks.values()][0]?.config.secret, webhook.nextSecret);
    embedded = false;
    await link.ok(...UP, "--expect-no-changes");
    const state = await link.project.checkpoint("hello.github");
    for (const secret of [link.token.value, webhook.secret, webhook.nextSecret]) assert.ok(!state.includes(secret));
  });

  await t.test("a destroyed link leaves nothing there; without GitHub that is one line", async () => {
    github.faults.current = { kind: "unreachable" };
    const failed = await link.pulumi("destroy", "--yes", "--skip-preview");
    assert.match(
      failed.stdout + failed.stderr,
      /cannot reach GitHub at http:\S+ \(.+\): try again when it can be reached/,
    );
    github.faults.current = undefined;
    await link.ok("destroy", "--yes", "--skip-preview");
    assert.equal(repository.hooks.size, 0);
  });
});
