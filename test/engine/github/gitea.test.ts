/** The program of a link's stack whose repository is at a Gitea, on the embedded engine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { perform } from "../../../services/runner/perform.ts";
import { Engine } from "../../../services/stacks/engine.ts";
import { DOMAIN, linkProject, STACK } from "./link-project.ts";

const UP = ["up", "--yes", "--skip-preview"] as const;

test("a link to a Gitea is declared as one to GitHub, by resources of our own", async (t) => {
  await using link = await linkProject({ forge: "gitea" });
  const { gitea, repository, token } = link;
  assert.ok(gitea !== undefined);
  const hooks = () => [...repository.hooks.values()];

  await t.test("a preview shows what will be, or what is missing in a line", async () => {
    assert.match(await link.ok("preview"), /dyno:index:GiteaWebhook +hello.github-webhook +create/);
    await link.declare({}, "nothing");
    const { code, stdout, stderr } = await link.pulumi("preview");
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, /the branch nothing of app hello is not in octo\/hello; push it/);
    await link.declare({ repository: "octo/nothing" });
    const gone = await link.pulumi("preview");
    assert.match(
      gone.stdout + gone.stderr,
      /the repository octo\/nothing is not at http:\S+, or the token may not see it/,
    );
    token.revoked = true;
    const refused = await link.pulumi("preview");
    assert.match(refused.stdout + refused.stderr, /http:\S+ does not take the token \(401\): it is revoked or wrong/);
    token.revoked = false;
    await link.declare({});
    assert.equal(hooks().length, 0);
  });

  await t.test("an up makes the webhook, and a second one changes nothing", async () => {
    await link.ok(...UP);
    const [hook] = hooks();
    const { webhook, credential, forge } = await link.outputs();
    assert.deepEqual([forge, credential, webhook.id], ["gitea", { token: token.value }, String(hook?.id)]);
    assert.deepEqual([hook?.active, hook?.events], [true, ["push", "pull_request", "status", "delete", "repository"]]);
    assert.equal(hook?.config.url, `http://dashboard.${DOMAIN}:8080/hooks/github/${STACK}?generation=1`);
    assert.equal(hook?.config.secret, webhook.secret);
    await link.ok(...UP, "--expect-no-changes");
    await link.ok("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    const state = await link.project.checkpoint(STACK);
    for (const secret of [token.value, webhook.secret, webhook.nextSecret]) assert.equal(state.includes(secret), false);
  });

  await t.test("another secret is another webhook, and both are there for a moment", async () => {
    const [before] = hooks();
    const { webhook } = await link.outputs();
    await link.declare({ secretGeneration: 2, deployKey: true });
    await link.ok(...UP);
    const [after, ...others] = hooks();
    assert.notEqual(after?.id, before?.id);
    assert.deepEqual([after?.config.secret, others], [webhook.nextSecret, []]);
    const { deployKey } = await link.outputs();
    assert.equal([...repository.keys.values()][0]?.key, deployKey.publicKey);
  });

  await t.test("it goes while the Gitea does not answer, and says what is left there", async () => {
    gitea.fault = { kind: "unreachable" };
    const engine = new Engine({ directory: link.project.path(), env: link.project.environment, display: () => {} });
    const run = { id: "1", stack: STACK, args: [], user: "me", description: "Disconnect", requestedAt: 0 } as const;
    const request = { ...run, project: link.project.path(), verb: "destroy", withoutForge: true } as const;
    const { warnings } = await perform(engine, request);
    assert.match(
      warnings.join("\n"),
      /^Remove by hand: .*the webhook whose address names hello\.github, at http:\S+\/octo\/hello\/settings\/hooks.*cannot reach Gitea at http:\S+ \(\w+\): [^\n]*$/,
    );
    gitea.fault = undefined;
    assert.equal((await link.project.run(["stack", "init", STACK])).code, 0);
    await link.ok(...UP);
    const [, mine] = hooks();
    assert.equal(hooks().length, 2);
    await link.ok("destroy", "--yes", "--skip-preview");
    assert.ok(!hooks().some((hook) => hook.id === mine?.id));
  });
});
