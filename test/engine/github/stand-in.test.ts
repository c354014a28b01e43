import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/core";
import { createDeviceCode, exchangeDeviceCode } from "@octokit/oauth-methods";
import { restEndpointMethods } from "@octokit/plugin-rest-endpoint-methods";
import { type App, type GitHub, startGitHub, type Token } from "../../support/github/github.ts";
import { finish } from "../../support/process.ts";
import { until } from "../../support/until.ts";

const Client = Octokit.plugin(restEndpointMethods);

function clientOf(github: GitHub, token?: Token) {
  return new Client({
    baseUrl: github.api,
    ...(token && { auth: token.value }),
    log: { ...console, warn() {}, error() {} },
  }).rest;
}

/** A place for deliveries. */
async function receiver() {
  const received: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      received.push({ headers: request.headers, body });
      response.writeHead(202).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return { url, received, [Symbol.asyncDispose]: async () => void server.close().closeAllConnections() };
}

test("the stand-in for GitHub answers about repositories and branches as GitHub describes it", async () => {
  await using github = await startGitHub();
  const repository = await github.repository("octo/hello", { private: true });
  const first = await repository.commit("main", { Procfile: "web: true\n" });
  const second = await repository.commit("main", { "app.py": "print()\n" });
  await repository.commit("side", { "side.txt": "1" }, { parent: first });
  const rest = clientOf(github, github.token("octo"));
  const at = { owner: "octo", repo: "hello" };
  assert.equal((await rest.users.getAuthenticated()).data.login, "octo");
  assert.equal((await rest.users.getByUsername({ username: "octo" })).data.type, "User");
  const { data } = await rest.repos.get(at);
  assert.deepEqual([data.full_name, data.private, data.default_branch], ["octo/hello", true, "main"]);
  assert.equal((await rest.git.getRef({ ...at, ref: "heads/main" })).data.object.sha, second);
  assert.equal((await rest.git.listMatchingRefs({ ...at, ref: "heads/" })).data.length, 2);
  assert.deepEqual(
    (await rest.repos.listBranches(at)).data.map(({ name }) => name),
    ["main", "side"],
  );
  assert.equal((await rest.repos.getBranch({ ...at, branch: "side" })).data.commit.parents[0]?.sha, first);
  const compared = await rest.repos.compareCommitsWithBasehead({ ...at, basehead: "side...main" });
  assert.deepEqual([compared.data.status, compared.data.ahead_by, compared.data.behind_by], ["diverged", 1, 1]);
  assert.equal((await rest.search.repos({ q: "hell" })).data.total_count, 1);
  assert.equal((await rest.repos.listForAuthenticatedUser()).data.length, 1);
});

test("the stand-in for GitHub hides from a token what it may not see", async () => {
  await using github = await startGitHub();
  await github.repository("octo/hello", { private: true });
  const at = { owner: "octo", repo: "hello" };
  const stranger = clientOf(github, github.token("eve"));
  await assert.rejects(stranger.repos.get(at), { status: 404 });
  await assert.rejects(clientOf(github).repos.get(at), { status: 404 });
  const token = github.token("octo", { permission: "read" });
  await assert.rejects(clientOf(github, token).repos.listWebhooks(at), { status: 403 });
  token.revoked = true;
  await assert.rejects(clientOf(github, token).repos.get(at), { status: 401 });
});

test("the stand-in for GitHub answers 304 to who knows, and redirects from a name of before", async () => {
  await using github = await startGitHub();
  const repository = await github.repository("octo/hello");
  const get = (headers: Record<string, string> = {}) => fetch(`${github.api}/repos/octo/hello`, { headers });
  const etag = (await get()).headers.get("etag") ?? "";
  assert.equal((await get({ "if-none-match": etag })).status, 304);
  github.rename(repository, "octo/hi");
  assert.equal(((await (await get()).json()) as { full_name: string }).full_name, "octo/hi");
});

test("the stand-in for GitHub signs deliveries, and a redelivery has the same id", async () => {
  await using github = await startGitHub();
  await using hook = await receiver();
  const repository = await github.repository("octo/hello");
  const rest = clientOf(github, github.token("octo"));
  const at = { owner: "octo", repo: "hello" };
  const config = { url: hook.url, content_type: "json", secret: "s3cret", insecure_ssl: "0" };
  const { data } = await rest.repos.createWebhook({ ...at, config, events: ["push", "delete"] });
  assert.equal(data.config.secret, "********");
  await github.deliveries.settled();
  await repository.commit("main", { a: "1" });
  await repository.forcePush("main", { a: "2" });
  await repository.deleteBranch("main");
  await github.deliveries.settled();
  const events = hook.received.map(({ headers }) => headers["x-github-event"]);
  assert.deepEqual(events.toSorted(), ["delete", "ping", "push", "push", "push"]);
  for (const { headers, body } of hook.received) {
    const expected = `sha256=${createHmac("sha256", "s3cret").update(body).digest("hex")}`;
    assert.equal(headers["x-hub-signature-256"], expected);
  }
  const bodies = hook.received.map(({ body }) => JSON.parse(body));
  assert.equal(bodies.filter(({ forced }) => forced === true).length, 1);
  const [last] = (await rest.repos.listWebhookDeliveries({ ...at, hook_id: data.id })).data;
  await rest.repos.redeliverWebhookDelivery({ ...at, hook_id: data.id, delivery_id: Number(last?.id) });
  await github.deliveries.settled();
  assert.equal(hook.received.at(-1)?.headers["x-github-delivery"], last?.guid);
  await rest.repos.updateWebhook({ ...at, hook_id: data.id, active: false });
  await rest.repos.deleteWebhook({ ...at, hook_id: data.id });
  await assert.rejects(rest.repos.getWebhook({ ...at, hook_id: data.id }), { status: 404 });
});

test("the stand-in for GitHub sends held deliveries in the order that a test wants", async () => {
  await using github = await startGitHub();
  await using hook = await receiver();
  const repository = await github.repository("octo/hello");
  await clientOf(github, github.token("octo")).repos.createWebhook({
    owner: "octo",
    repo: "hello",
    config: { url: hook.url, content_type: "json" },
  });
  await until("the ping", async () => hook.received.length === 1);
  github.deliveries.mode = "hold";
  const ids = [await repository.commit("main", { a: "1" }), await repository.commit("main", { a: "2" })];
  await github.deliveries.release((held) => [...held.toReversed(), ...held.slice(0, 1)]);
  const got = hook.received.slice(1).map(({ body }) => JSON.parse(body).after);
  assert.deepEqual(got, [ids[1], ids[0], ids[0]]);
});

test("the stand-in for GitHub is cloned with a token as the password", async () => {
  await using github = await startGitHub();
  const repository = await github.repository("octo/hello", { private: true });
  const head = await repository.commit("main", { a: "1" });
  const { value } = github.token("octo");
  const remote = `${github.url}/octo/hello.git`;
  const list = (...config: string[]) =>
    finish(["env", "GIT_TERMINAL_PROMPT=0", "git", ...config, "ls-remote", remote], import.meta.dirname);
  const basic = Buffer.from(`x-access-token:${value}`).toString("base64");
  assert.match((await list("-c", `http.extraHeader=Authorization: Basic ${basic}`)).output, new RegExp(head));
  assert.notEqual((await list()).exitCode, 0);
});

test("the stand-in for GitHub fails as a test wants it to", async () => {
  await using github = await startGitHub();
  await github.repository("octo/hello");
  const get = () => fetch(`${github.api}/repos/octo/hello`);
  github.faults.current = { kind: "limited", retryAfter: 7 };
  const limited = await get();
  assert.deepEqual([limited.status, limited.headers.get("retry-after")], [403, "7"]);
  github.faults.current = { kind: "truncated" };
  await assert.rejects((await get()).json(), SyntaxError);
  github.faults.current = { kind: "unreachable" };
  await assert.rejects(get());
  github.faults.meets = (method) => method === "POST";
  assert.equal((await get()).status, 200);
});

test("the stand-in for GitHub keeps deploy keys, statuses, checks, deployments and pull requests", async () => {
  await using github = await startGitHub();
  const repository = await github.repository("octo/hello");
  const sha = await repository.commit("main", { a: "1" });
  const rest = clientOf(github, github.token("octo"));
  const at = { owner: "octo", repo: "hello" };
  const key = { ...at, title: "dynoform", key: "ssh-ed25519 AAAA me@here", read_only: true };
  const { data: kept } = await rest.repos.createDeployKey(key);
  assert.equal(kept.key, "ssh-ed25519 AAAA");
  await assert.rejects(rest.repos.createDeployKey(key), { status: 422 });
  assert.equal((await rest.repos.listDeployKeys(at)).data.length, 1);
  await rest.repos.deleteDeployKey({ ...at, key_id: kept.id });

  assert.equal((await rest.repos.getCombinedStatusForRef({ ...at, ref: sha })).data.state, "pending");
  await rest.repos.createCommitStatus({ ...at, sha, state: "failure", context: "ci" });
  await repository.status(sha, "success");
  const { data: combined } = await rest.repos.getCombinedStatusForRef({ ...at, ref: "main" });
  assert.deepEqual([combined.state, combined.total_count], ["success", 1]);

  await repository.suite(sha, "main");
  const suite = await repository.suite(sha, "main", { test: "in_progress", lint: "neutral" });
  await repository.check(suite, { test: "success" });
  const { data: suites } = await rest.checks.listSuitesForRef({ ...at, ref: sha });
  assert.deepEqual(
    suites.check_suites.map(({ status, conclusion, latest_check_runs_count: runs }) => [status, conclusion, runs]),
    [
      ["queued", null, 0],
      ["completed", "success", 2],
    ],
  );
  assert.equal((await rest.checks.listForRef({ ...at, ref: sha, filter: "latest" })).data.total_count, 2);

  const deploy = { ...at, ref: sha, environment: "shop", required_contexts: [], auto_merge: false };
  await assert.rejects(rest.repos.createDeployment({ ...at, ref: sha }), { status: 409 });
  const deployments = [];
  for (const _ of [1, 2]) {
    const { data } = await rest.repos.createDeployment(deploy);
    const { id: deployment_id } = data as { id: number };
    deployments.push(deployment_id);
    const environment_url = "https://shop.example.com/";
    await rest.repos.createDeploymentStatus({ ...at, deployment_id, state: "success", environment_url });
  }
  const [first = 0] = deployments;
  const { data: statuses } = await rest.repos.listDeploymentStatuses({ ...at, deployment_id: first });
  assert.deepEqual(
    statuses.map(({ state }) => state),
    ["inactive", "success"],
  );
  assert.equal((await rest.repos.listDeployments({ ...at, environment: "shop" })).data.length, 2);

  await repository.commit("side", { b: "1" }, { parent: sha });
  repository.pull("side");
  assert.equal((await rest.pulls.list(at)).data[0]?.head.ref, "side");
});

test("the stand-in for GitHub lets in by a GitHub App's installation", async () => {
  await using github = await startGitHub();
  const [hello] = [await github.repository("octo/hello", { private: true }), await github.repository("octo/other")];
  const redirect = "http://127.0.0.1:1/made";
  const form = new URLSearchParams({
    manifest: JSON.stringify({
      name: "My Dynoform",
      redirect_url: redirect,
      default_permissions: { contents: "read" },
    }),
  });
  const page = await fetch(`${github.url}/settings/apps/new?state=abc`, {
    method: "POST",
    body: form,
    redirect: "manual",
  });
  const back = new URL(page.headers.get("location") ?? "");
  assert.equal(back.searchParams.get("state"), "abc");
  const code = back.searchParams.get("code") ?? "";
  const { data: made } = await clientOf(github).apps.createFromManifest({ code });
  await assert.rejects(clientOf(github).apps.createFromManifest({ code }), { status: 404 });
  const app = github.state.apps[0] as App;
  const installation = github.install(app, "octo/hello");
  const signing = { appId: made.id, privateKey: made.pem, installationId: installation.id };
  const client = (options: object) =>
    new Client({ baseUrl: github.api, authStrategy: createAppAuth, auth: { ...signing, ...options } }).rest;
  const seen = await client({}).apps.listReposAccessibleToInstallation();
  assert.deepEqual(
    seen.data.repositories.map(({ full_name }) => full_name),
    ["octo/hello"],
  );
  const found = await client({}).apps.getRepoInstallation({ owner: "octo", repo: "hello" });
  assert.equal(found.data.id, installation.id);
  installation.suspended = true;
  await assert.rejects(client({ repositoryIds: [hello.id] }).repos.get({ owner: "octo", repo: "hello" }), {
    status: 403,
  });
});

test("the stand-in for GitHub lets devices in", async () => {
  await using github = await startGitHub();
  github.user("octo");
  const request = new Client({ baseUrl: github.api }).request;
  const clientId = "Iv1.dynoform";
  const device = () => createDeviceCode({ clientType: "oauth-app", clientId, scopes: ["repo"], request });
  await assert.rejects(device(), /device.flow.disabled/i);
  github.state.deviceClients.add(clientId);
  github.state.deviceInterval = 0;
  const { data } = await device();
  const exchange = () => exchangeDeviceCode({ clientType: "oauth-app", clientId, code: data.device_code, request });
  await assert.rejects(exchange(), /authorization.pending/i);
  github.answerDevice(data.user_code, "approve");
  const { authentication } = await exchange();
  assert.equal(github.state.tokens.get(authentication.token)?.user.login, "octo");
});

test("the stand-in for GitHub notices what GitHub would not take", async () => {
  const github = await startGitHub();
  await github.repository("octo/hello");
  const { value } = github.token("octo");
  await fetch(`${github.api}/repos/octo/hello/keys?nothing=1`, {
    method: "POST",
    headers: { authorization: `Bearer ${value}` },
    body: JSON.stringify({ key: "ssh-ed25519 AAAA", readOnly: true }),
  });
  await fetch(`${github.api}/repos/octo/hello/nothing`);
  await assert.rejects(
    async () => github[Symbol.asyncDispose](),
    (error: Error) => {
      assert.match(error.message, /no query parameter nothing/);
      assert.match(error.message, /must NOT have additional properties \{"additionalProperty":"readOnly"\}/);
      assert.match(error.message, /GET \/repos\/octo\/hello\/nothing is nothing/);
      return true;
    },
  );
});
