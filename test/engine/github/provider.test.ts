import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { apiOf, settingsOf } from "../../../engine/providers/github/configuration.ts";
import { createProvider } from "../../../engine/providers/github/index.ts";
import { Secret } from "../../../engine/src/values/values.ts";
import { type GitHub, startGitHub } from "../../support/github/github.ts";
import { type Driven, drive } from "../../support/provider-driver.ts";

const WEBHOOK = "github:index/repositoryWebhook:RepositoryWebhook";
const DEPLOY_KEY = "github:index/repositoryDeployKey:RepositoryDeployKey";
const URL_OF_HOOK = "http://127.0.0.1:9/hooks/github/hello";

async function driven(github: GitHub, config: Readonly<Record<string, string>> = {}) {
  const provider = createProvider();
  // Nobody answers at the hooks' address.
  github.deliveries.mode = "lose";
  const token = github.token("octo").value;
  await provider.configure({
    baseUrl: github.url,
    owner: "octo",
    writeDelayMs: "0",
    retryDelayMs: "1",
    token,
    ...config,
  });
  const invoke = async (name: string, args: Readonly<Record<string, string>>) => {
    const call = { token: `github:index/${name}:${name}`, args, signal: new AbortController().signal };
    return (await provider.invoke(call as Parameters<typeof provider.invoke>[0])).outputs;
  };
  return { ...drive(provider), invoke };
}

const program = {
  repository: "hello",
  events: ["push", "status"],
  configuration: { url: URL_OF_HOOK, contentType: "json", secret: "s3cret" },
};

test("a webhook's state is the real plugin's, field by field, and without differences", async () => {
  await using github = await startGitHub();
  const repository = await github.repository("octo/hello");
  const driver = await driven(github);
  const made = await driver.create(WEBHOOK, "hook", program);
  const [hook] = repository.hooks.values();
  assert.ok(hook);
  assert.equal(made.id, String(hook.id));
  assert.deepEqual(hook.config, { url: URL_OF_HOOK, content_type: "json", insecure_ssl: "0", secret: "s3cret" });
  assert.deepEqual(made.inputs, {
    __defaults: ["active"],
    active: true,
    configuration: { __defaults: [], ...program.configuration },
    events: program.events,
    repository: "hello",
  });
  const { etag, ...outputs } = made.outputs;
  assert.match(String(etag), /^W\/"[0-9a-f]+"$/);
  assert.deepEqual(outputs, {
    __meta: '{"schema_version":"1"}',
    __pulumi_raw_state_delta: { obj: { ps: { configuration: { plu: { i: { obj: {} } } }, events: { arr: {} } } } },
    active: true,
    configuration: {
      contentType: "json",
      insecureSsl: false,
      secret: new Secret("s3cret"),
      url: new Secret(URL_OF_HOOK),
    },
    events: program.events,
    id: made.id,
    repository: "hello",
    url: `${github.api}/repos/octo/hello/hooks/${made.id}`,
  });
  assert.equal((await driver.diff(made, program)).changes, false);
  const refreshed = await driver.refresh(made);
  assert.deepEqual([refreshed?.inputs, refreshed?.outputs], [made.inputs, made.outputs]);
  assert.equal(github.requests.at(-1)?.status, 304);
});

test("a webhook is changed in place, and made again in another repository", async () => {
  await using github = await startGitHub();
  const repository = await github.repository("octo/hello");
  const driver = await driven(github);
  const made = await driver.create(WEBHOOK, "hook", program);
  const rotated = { ...program, configuration: { ...program.configuration, secret: "other" } };
  assert.deepEqual((await driver.diff(made, rotated)).detailedDiff, {
    "configuration.secret": { kind: "update", inputDiff: false },
  });
  const updated = await driver.update(made, { ...rotated, active: false });
  const [hook] = repository.hooks.values();
  assert.deepEqual([hook?.config.secret, hook?.active, updated.id], ["other", false, made.id]);
  const moved = await driver.diff(made, { ...program, repository: "elsewhere" });
  assert.deepEqual(moved.replaces, ["repository"]);
});

test("a webhook that somebody changed or removed on GitHub is noticed", async () => {
  await using github = await startGitHub();
  const repository = await github.repository("octo/hello");
  const driver = await driven(github);
  const made = await driver.create(WEBHOOK, "hook", program);
  const [hook] = repository.hooks.values();
  assert.ok(hook);
  hook.events = ["push"];
  const drifted = (await driver.refresh(made)) as Driven;
  assert.deepEqual(drifted.inputs.events, ["push"]);
  assert.deepEqual(drifted.outputs.configuration, made.outputs.configuration);
  assert.equal((await driver.diff(drifted, program)).changes, true);
  await driver.remove(made);
  assert.equal(repository.hooks.size, 0);
  assert.equal(await driver.refresh(made), undefined);
  await driver.remove(made);
});

test("a webhook is imported by repository and number, without its secret", async () => {
  await using github = await startGitHub();
  await github.repository("octo/hello");
  const driver = await driven(github);
  const made = await driver.create(WEBHOOK, "hook", program);
  const imported = await driver.refresh({ ...made, id: `hello/${made.id}`, inputs: {}, outputs: {} });
  assert.equal(imported?.id, made.id);
  assert.deepEqual(imported?.inputs.configuration, {
    __defaults: [],
    contentType: "json",
    secret: new Secret("********"),
    url: new Secret(URL_OF_HOOK),
  });
  await assert.rejects(driver.refresh({ ...made, inputs: {}, outputs: {} }), /use <repository>\/<id>/);
  assert.equal((await driver.recover(WEBHOOK, "hook", program))?.id, made.id);
});

test("a deploy key's state is the real plugin's, and its comment means nothing", async () => {
  await using github = await startGitHub();
  const repository = await github.repository("octo/hello");
  const driver = await driven(github);
  const key = { repository: "hello", title: "dynoform", key: "ssh-ed25519 AAAA me@here" };
  const made = await driver.create(DEPLOY_KEY, "key", key);
  const [kept] = repository.keys.values();
  assert.equal(made.id, `hello:${kept?.id}`);
  assert.deepEqual(made.inputs, { __defaults: ["readOnly"], ...key, readOnly: true });
  const { etag, ...outputs } = made.outputs;
  assert.match(String(etag), /^W\/"/);
  assert.deepEqual(outputs, {
    __pulumi_raw_state_delta: { obj: {} },
    id: made.id,
    key: "ssh-ed25519 AAAA",
    readOnly: true,
    repository: "hello",
    title: "dynoform",
  });
  assert.equal((await driver.diff(made, key)).changes, false);
  assert.deepEqual((await driver.diff(made, { ...key, readOnly: false })).replaces, ["readOnly"]);
  assert.equal((await driver.recover(DEPLOY_KEY, "key", key))?.id, made.id);
  await driver.remove(made);
  assert.equal(await driver.refresh(made), undefined);
  await driver.remove(made);
});

test("repositories and branches are looked up; what is not there has no id", async () => {
  await using github = await startGitHub();
  const repository = await github.repository("octo/hello", { private: true });
  const sha = await repository.commit("feature/one", { a: "1" });
  const { invoke } = await driven(github);
  const found = await invoke("getRepository", { fullName: "octo/hello" });
  assert.deepEqual(
    [found.id, found.repoId, found.private, found.defaultBranch, found.httpCloneUrl, found.topics],
    ["hello", repository.id, true, "main", `${github.url}/octo/hello.git`, []],
  );
  const branch = await invoke("getBranch", { repository: "hello", branch: "feature/one" });
  assert.deepEqual([branch.id, branch.ref, branch.sha], ["hello:feature/one", "refs/heads/feature/one", sha]);
  assert.equal((await invoke("getRepository", { name: "nothing" })).id, "");
  assert.deepEqual(await invoke("getBranch", { repository: "hello", branch: "nothing" }), {
    branch: "nothing",
    repository: "hello",
    id: "",
    etag: "",
    ref: "",
    sha: "",
  });
});

test("the provider asks who its owner is once, and as a GitHub App by a token of its own", async () => {
  await using github = await startGitHub();
  await github.repository("octo/hello", { private: true });
  const app = github.app("octo");
  const { id } = github.install(app, "octo/hello");
  const appAuth = { id: String(app.id), installationId: String(id), pemFile: app.privateKey.replaceAll("\n", "\\n") };
  const { invoke } = await driven(github, { token: "", appAuth: JSON.stringify(appAuth) });
  assert.equal((await invoke("getRepository", { name: "hello" })).private, true);
  assert.equal((await invoke("getRepository", { name: "hello" })).private, true);
  assert.deepEqual(
    github.requests.map(({ method, path }) => `${method} ${path.replace("/api/v3", "")}`),
    [
      `POST /app/installations/${id}/access_tokens`,
      "GET /users/octo",
      "GET /repos/octo/hello",
      "GET /repos/octo/hello",
    ],
  );
  const own = await driven(github, { owner: "" });
  await own.invoke("getRepository", { name: "hello" });
  assert.deepEqual(
    github.requests.slice(4).map(({ path }) => path),
    ["/api/v3/user", "/api/v3/users/octo", "/api/v3/repos/octo/hello"],
  );
});

test("a GitHub that fails is asked again; one that refuses or is silent gives one line without a secret", async () => {
  await using github = await startGitHub();
  await github.repository("octo/hello");
  const { invoke, create } = await driven(github, { maxRetries: "1" });
  await invoke("getRepository", { name: "hello" });
  github.faults.current = { kind: "error", status: 502 };
  await assert.rejects(invoke("getRepository", { name: "hello" }), /GET .*\/repos\/octo\/hello: 502 Server Error/);
  assert.equal(github.requests.filter(({ status }) => status === 502).length, 2);
  github.faults.current = { kind: "exhausted", reset: Math.floor(Date.now() / 1000) + 1800 };
  await assert.rejects(invoke("getRepository", { name: "hello" }), /takes no more requests of this token until 20.*Z/);
  github.faults.current = { kind: "truncated" };
  await assert.rejects(invoke("getRepository", { name: "hello" }), /breaks off: try again/);
  github.faults.current = { kind: "unreachable" };
  await assert.rejects(invoke("getRepository", { name: "hello" }), /cannot reach GitHub at http.*: try again when/);
  github.faults.current = undefined;
  const twice = { ...program, configuration: { ...program.configuration, secret: "hidden" } };
  await create(WEBHOOK, "one", twice);
  await assert.rejects(create(WEBHOOK, "two", twice), (error: Error) => {
    assert.match(error.message, /POST .*\/hooks: 422 Validation Failed .*Hook already exists/);
    assert.doesNotMatch(error.message, /hidden/);
    return true;
  });
  const { privateKey } = generateKeyPairSync("ed25519");
  const pemFile = String(privateKey.export({ type: "pkcs8", format: "pem" })).slice(0, 60);
  const wrong = await driven(github, { appAuth: JSON.stringify({ id: "1", installationId: "2", pemFile }) });
  await assert.rejects(wrong.invoke("getRepository", { name: "hello" }), /^Error: appAuth.pemFile is no private key/);
});

test("baseUrl is mapped as the real plugin maps it", () => {
  const mapped = [
    ["https://github.com", "https://api.github.com/"],
    ["https://api.github.com/", "https://api.github.com/"],
    ["https://acme.ghe.com/", "https://api.acme.ghe.com/"],
    ["https://git.example.com", "https://git.example.com/api/v3/"],
    ["http://127.0.0.1:4000/", "http://127.0.0.1:4000/api/v3/"],
    ["https://git.example.com/api/v3/", "https://git.example.com/api/v3/"],
  ] as const;
  for (const [given, api] of mapped) assert.equal(apiOf(given), api);
  assert.throws(() => apiOf("http://github.com"), /use https and no path/);
  assert.throws(() => apiOf("github.com"), /is no address/);
});

test("what the configuration lacks comes from the environment", () => {
  const environment = { GITHUB_TOKEN: "t", GITHUB_OWNER: "acme", GITHUB_BASE_URL: "https://git.example.com/" };
  const { api, token, owner, retries, writeDelay, retryable } = settingsOf({ organization: "old" }, environment);
  assert.deepEqual([api, token, owner], ["https://git.example.com/api/v3/", "t", "acme"]);
  assert.deepEqual([retries, writeDelay, retryable], [3, 1000, [500, 502, 503, 504]]);
});
