/** The program of a link's stack, on the embedded engine, against the stand-in for GitHub. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { perform } from "../../../services/runner/perform.ts";
import { Engine } from "../../../services/stacks/engine.ts";
import { DOMAIN, type LinkProject, linkProject, STACK } from "./link-project.ts";

let link: LinkProject;
before(async () => {
  link = await linkProject();
});
after(() => link?.[Symbol.asyncDispose]());

const UP = ["up", "--yes", "--skip-preview"] as const;
const RUN = { id: "1", stack: STACK, args: [], user: "me", description: "Disconnect", requestedAt: 0 } as const;

test("a preview shows the webhook, and makes nothing", async () => {
  const preview = await link.ok("preview", "--diff");
  assert.match(preview, /github:index:RepositoryWebhook hello.github-webhook create/);
  assert.doesNotMatch(preview, new RegExp(link.token.value));
  assert.equal(link.repository.hooks.size, 0);
});

test("an up makes the webhook, and a second one changes nothing", async () => {
  const first = await link.pulumi(...UP);
  assert.equal(first.code, 0, first.stdout + first.stderr);
  const [hook] = link.repository.hooks.values();
  const put = await link.outputs();
  assert.deepEqual(hook?.events, ["push", "pull_request", "status", "check_suite", "delete", "repository"]);
  assert.deepEqual(hook?.config, {
    url: `http://dashboard.${DOMAIN}:8080/hooks/github/${STACK}?generation=1`,
    content_type: "json",
    insecure_ssl: "0",
    secret: put.webhook.secret,
  });
  const { webhook, ...rest } = put;
  assert.deepEqual(rest, {
    repository: "octo/hello",
    repositoryId: link.repository.id,
    baseUrl: link.github.url,
    cloneUrl: `${link.github.url}/octo/hello.git`,
    htmlUrl: `${link.github.url}/octo/hello`,
    defaultBranch: "main",
    private: true,
    credential: { token: link.token.value },
    apps: { hello: { branch: "main" } },
  });
  assert.deepEqual(Object.keys(webhook).toSorted(), ["generation", "id", "nextSecret", "secret", "url"]);
  assert.equal(webhook.id, String(hook.id));
  await link.ok(...UP, "--expect-no-changes");
  await link.ok("refresh", "--yes", "--skip-preview", "--expect-no-changes");
});

test("no secret of a link stands in its state", async () => {
  const state = await link.project.checkpoint(STACK);
  const { webhook } = await link.outputs();
  for (const secret of [link.token.value, webhook.secret, webhook.nextSecret])
    assert.equal(state.includes(secret), false);
  assert.match(state, /github:index\/repositoryWebhook:RepositoryWebhook/);
});

test("another branch changes nothing on GitHub; one that is not there is one line", async () => {
  await link.repository.commit("stable", { a: "1" });
  await link.declare({}, "stable");
  const preview = await link.ok("preview");
  assert.doesNotMatch(preview, /RepositoryWebhook.*(update|replace)/);
  await link.declare({}, "nothing");
  const { code, stdout, stderr } = await link.pulumi("preview");
  assert.notEqual(code, 0);
  const errors = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("nothing"));
  assert.ok(
    errors.some((line) => /the branch nothing of app hello is not in octo\/hello; push it/.test(line)),
    stdout,
  );
  assert.doesNotMatch(`${stdout}${stderr}`, /\s+at .*\.ts:\d+/);
  await link.declare({});
});

test("a repository that is not there, and a token that is revoked, are one line each", async () => {
  await link.declare({ repository: "octo/nothing" });
  const missing = await link.pulumi("preview");
  assert.match(
    missing.stdout + missing.stderr,
    /the repository octo\/nothing is not at http:\S+, or the token may not see it/,
  );
  await link.declare({});
  link.token.revoked = true;
  const refused = await link.pulumi(...UP);
  link.token.revoked = false;
  assert.notEqual(refused.code, 0);
  assert.match(refused.stdout + refused.stderr, /does not take the credential \(401 Bad credentials\)/);
});

test("a rotated secret was known before, and the one of before is still known", async () => {
  const before = (await link.outputs()).webhook;
  await link.declare({ secretGeneration: 2 });
  await link.ok(...UP);
  const { webhook } = await link.outputs();
  assert.equal(webhook.id, before.id);
  assert.equal(webhook.secret, before.nextSecret);
  assert.equal(webhook.previousSecret, before.secret);
  assert.equal([...link.repository.hooks.values()][0]?.config.secret, webhook.secret);
});

test("a repository of another name now goes on; saying that name makes one webhook in place of the other", async () => {
  const [hook] = link.repository.hooks.values();
  link.github.rename(link.repository, "octo/renamed");
  await link.ok(...UP);
  assert.deepEqual([...link.repository.hooks.keys()], [hook?.id]);
  await link.declare({ repository: "octo/renamed", secretGeneration: 2, deployKey: true });
  await link.ok(...UP);
  assert.equal(link.repository.hooks.size, 1);
  const { deployKey } = await link.outputs();
  assert.equal([...link.repository.keys.values()][0]?.key, deployKey.publicKey);
});

test("an unreachable GitHub is one line, and a destroyed link leaves nothing there", async () => {
  link.github.faults.current = { kind: "unreachable" };
  const failed = await link.pulumi("destroy", "--yes", "--skip-preview");
  assert.notEqual(failed.code, 0);
  assert.match(
    failed.stdout + failed.stderr,
    /cannot reach GitHub at http:\S+ \(.+\): try again when it can be reached/,
  );
  link.github.faults.current = undefined;
  await link.ok("destroy", "--yes", "--skip-preview");
  assert.deepEqual([link.repository.hooks.size, link.repository.keys.size], [0, 0]);
});

test("what takes a link away is done without GitHub, and says in a line what is left there", async () => {
  await link.ok(...UP);
  link.github.faults.current = { kind: "unreachable" };
  const engine = new Engine({ directory: link.project.path(), env: link.project.environment, display: () => {} });
  const request = { ...RUN, project: link.project.path(), withoutForge: true } as const;
  const edited = await perform(engine, { ...request, verb: "up" });
  assert.match(
    edited.warnings.join("\n"),
    /^hello\.github could not be brought up, and what its file says holds: octo\/renamed cannot be looked up: cannot reach GitHub at http:\S+ \(\w+\): try again when it can be reached\.$/,
  );
  const { warnings } = await perform(engine, { ...request, verb: "destroy" });
  const settings = `${link.github.url}/octo/renamed/settings`;
  assert.equal(warnings.length, 1);
  const [line = ""] = warnings;
  const left = `the webhook whose address names hello.github, at ${settings}/hooks`;
  assert.ok(line.includes(left) && line.includes(`the deploy key "dynoform hello.github", at ${settings}/keys`), line);
  assert.match(line, /^Remove by hand: .* It could not be removed: cannot reach GitHub at http:\S+ \(\w+\): [^\n]*\.$/);
  assert.deepEqual([link.repository.hooks.size, link.repository.keys.size], [1, 1]);
  link.github.faults.current = undefined;
});
