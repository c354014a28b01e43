import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { test } from "node:test";
import { keyPair } from "../../../infra/github/deploy-key.ts";
import { GitHubLink, type GitHubLinkArgs } from "../../../infra/github/github-link.ts";
import { isReachable } from "../../../infra/github/reach.ts";
import type { UserError } from "../../../lib/errors.ts";
import { type Recording, record } from "./recording.ts";

const credential = { token: "ghp_secret" };
const args: GitHubLinkArgs = {
  platform: { domain: "apps.dynoform.dev", webPort: 80 },
  credential,
  repository: "octo/hello",
  apps: { hello: { branch: "main" } },
};

/** As GitHub's plugin answers. */
const calls = {
  "github:index/getRepository:getRepository": {
    name: "hello",
    repoId: 7,
    httpCloneUrl: "https://github.com/octo/hello.git",
  },
  "github:index/getBranch:getBranch": { sha: "1".repeat(40) },
};

const link = (more: Partial<GitHubLinkArgs> = {}, name = "hello.github"): Promise<Recording<GitHubLink>> =>
  record(() => new GitHubLink(name, { ...args, ...more }), { calls });

test("a link is a webhook whose secret stands between that of before and the next", async () => {
  const { resources, get } = await link({ secretGeneration: 2 });
  assert.deepEqual(
    resources.map(({ type, name, parent }) => `${parent ?? "-"} > ${type} ${name}`),
    [
      "- > dynoform:index:GitHubLink hello.github",
      "hello.github > pulumi:providers:github hello.github-github",
      "hello.github > dyno:index:Password hello.github-secret-1",
      "hello.github > dyno:index:Password hello.github-secret-2",
      "hello.github > dyno:index:Password hello.github-secret-3",
      "hello.github > github:index/repositoryWebhook:RepositoryWebhook hello.github-webhook",
    ],
  );
  const webhook = get("hello.github-webhook");
  assert.equal(webhook.provider, "hello.github-github");
  assert.deepEqual(webhook.inputs, {
    active: true,
    configuration: {
      contentType: "json",
      insecureSsl: false,
      secret: { secret: "pass" },
      url: "http://dashboard.apps.dynoform.dev/hooks/github/hello.github?generation=2",
    },
    events: ["push", "pull_request", "status", "check_suite", "delete", "repository"],
    repository: "hello",
  });
  const { owner, baseUrl, token } = get("hello.github-github").inputs;
  assert.deepEqual([owner, baseUrl, token], ["octo", "https://github.com/", { secret: "ghp_secret" }]);
});

test("a GitHub App's key is a secret", async () => {
  const app = { id: "1", installation: "2", pem: "-----BEGIN" };
  const { get } = await link({ credential: { app }, baseUrl: "https://git.dynoform.dev" });
  const { appAuth, baseUrl } = get("hello.github-github").inputs;
  assert.deepEqual([Object.keys(appAuth as object), baseUrl], [["secret"], "https://git.dynoform.dev/"]);
});

test("a webhook is made where GitHub can reach the platform, or where it is wanted", async () => {
  const hooks = async (mode: GitHubLinkArgs["mode"], domain: string) => {
    const { resources } = await link({ mode, platform: { domain, webPort: 8080 } });
    return resources.filter(({ type }) => type.includes("RepositoryWebhook")).length;
  };
  assert.equal(await hooks("auto", "localhost"), 0);
  assert.equal(await hooks("webhook", "localhost"), 1);
  assert.equal(await hooks("polling", "apps.dynoform.dev"), 0);
});

test("a platform behind a proxy says where deliveries come", async () => {
  const { get } = await link({
    platform: { domain: "localhost", webPort: 8080, webhooks: "https://hooks.dynoform.dev" },
  });
  const { configuration } = get("hello.github-webhook").inputs as { configuration: { url: string } };
  assert.equal(configuration.url, "https://hooks.dynoform.dev/hooks/github/hello.github?generation=1");
});

test("a Gitea has an address of its own, and takes a token alone", () => {
  const app = { app: { id: "1", installation: "2", pem: "-----BEGIN" } };
  assert.throws(
    () => new GitHubLink("hello.github", { ...args, forge: "gitea", credential: app }),
    (error: UserError) => {
      assert.deepEqual(error.problems, [
        "GitHubLink hello.github: baseUrl: is missing; a Gitea has an address of its own, e.g. https://git.example.com",
        "GitHubLink hello.github: credential: is a GitHub App, and a Gitea has none; use { token: … }",
      ]);
      return true;
    },
  );
});

test("names and addresses that only this machine or its network knows cannot be reached", () => {
  const own = ["localhost", "a.localhost", "x.test", "10.1.2.3", "192.168.0.4", "172.20.0.1", "127.0.0.1", "server"];
  assert.deepEqual(own.filter(isReachable), []);
  const others = ["apps.dynoform.dev", "203.0.113.7", "172.32.0.1", "mylocalhost.dev"];
  assert.deepEqual(others.filter(isReachable), others);
});

test("a deploy key follows from a password, and only its public half is told to GitHub", async () => {
  const pair = keyPair("pass");
  assert.deepEqual(keyPair("pass"), pair);
  const [type, blob = ""] = pair.publicKey.split(" ");
  const point = Buffer.from(blob, "base64").subarray(-32).toString("base64url");
  assert.equal(type, "ssh-ed25519");
  assert.equal(createPublicKey(pair.privateKey).export({ format: "jwk" }).x, point);
  const { get } = await link({ deployKey: true });
  const key = get("hello.github-deploy-key", "github:index/repositoryDeployKey:RepositoryDeployKey");
  const expected = { key: pair.publicKey, readOnly: true, repository: "hello", title: "dynoform hello.github" };
  assert.deepEqual(key.inputs, expected);
});

test("wrong arguments are refused before anything is made, and no credential is shown", () => {
  const wrong = { ...args, repository: "hello", apps: { hello: { branch: "a..b" } }, credential: { token: "" } };
  assert.throws(
    () => new GitHubLink("hello.github", wrong),
    (error: UserError) => {
      assert.deepEqual(error.problems, [
        'GitHubLink hello.github: repository: "hello" is not allowed; use owner/name, e.g. octocat/hello-world',
        'GitHubLink hello.github: apps.hello.branch: "a..b" is not allowed; use the name of a branch, e.g. main',
        "GitHubLink hello.github: credential.token: is no text; use { token: … } or { app: { id, installation, pem } }",
      ]);
      return true;
    },
  );
});
