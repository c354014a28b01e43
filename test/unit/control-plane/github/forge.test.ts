import assert from "node:assert/strict";
import { test } from "node:test";
import { apiUrl } from "../../../../services/control-plane/github/forge/addresses.ts";
import type { ForgeError } from "../../../../services/control-plane/github/forge/forge.ts";
import { openGitHubForge } from "../../../../services/control-plane/github/forge/github.ts";
import { startGitHub } from "../../../support/github/github.ts";

const FILES = { "run.py": "" };

/** The stand-in with the repository `octo/flask`, and the adapter as its owner. */
async function ground() {
  const github = await startGitHub();
  const repository = await github.repository("octo/flask", { private: true });
  const token = github.token("octo");
  const forge = openGitHubForge({ baseUrl: github.url, credential: { token: token.value } });
  return {
    github,
    repository,
    token,
    forge,
    [Symbol.asyncDispose]: () => github[Symbol.asyncDispose](),
  };
}

const problem = (kind: string, message: RegExp) => (error: ForgeError) =>
  error.problem === kind && message.test(error.message) && !error.message.includes("\n");

test("where a forge answers follows from where people find it", () => {
  assert.equal(apiUrl("https://github.com"), "https://api.github.com");
  assert.equal(apiUrl("https://octo.ghe.com/"), "https://api.octo.ghe.com");
  assert.equal(apiUrl("https://git.example.com/"), "https://git.example.com/api/v3");
  assert.equal(apiUrl("http://127.0.0.1:3000/api/v3/"), "http://127.0.0.1:3000/api/v3");
});

test("repositories, branches and who asks", async () => {
  await using there = await ground();
  const { forge, repository } = there;
  const main = await repository.commit("main", FILES);
  const next = await repository.commit("feature/next", FILES);
  assert.equal(await forge.login(), "octo");
  const found = await forge.repository("octo/flask");
  assert.equal(found.id, repository.id);
  assert.equal(found.fullName, "octo/flask");
  assert.equal(found.defaultBranch, "main");
  assert.equal(found.private, true);
  assert.deepEqual(
    (await forge.branches("octo/flask")).toSorted((a, b) => a.name.localeCompare(b.name)),
    [
      { name: "feature/next", head: next },
      { name: "main", head: main },
    ],
  );
  assert.deepEqual(
    (await forge.search("FLASK octo")).map(({ fullName }) => fullName),
    ["octo/flask"],
  );
  assert.deepEqual(await forge.search("django"), []);
});

test("heads are one request, and none that counts while nothing changes", async () => {
  await using there = await ground();
  const { forge, github, repository } = there;
  const main = await repository.commit("main", FILES);
  const feature = await repository.commit("feature/main", FILES);
  const asked = ["feature/main", "main", "gone"];
  const heads = new Map([
    ["main", main],
    ["feature/main", feature],
  ]);
  assert.deepEqual(new Map([...(await forge.heads("octo/flask", asked))].sort().reverse()), heads);
  assert.deepEqual(await forge.heads("octo/flask", ["feature/main"]), new Map([["feature/main", feature]]));
  github.requests.length = 0;
  for (let count = 0; count < 3; count++) await forge.heads("octo/flask", ["feature/main"]);
  assert.deepEqual(
    github.requests.map(({ status, path }) => [status, decodeURIComponent(path)]),
    Array(3).fill([304, "/api/v3/repos/octo/flask/git/matching-refs/heads/feature/main"]),
  );
  const newer = await repository.commit("feature/main", { "run.py": "new" });
  assert.deepEqual(await forge.heads("octo/flask", ["feature/main"]), new Map([["feature/main", newer]]));
});

test("a repository that was renamed is found by its id", async () => {
  await using there = await ground();
  const { forge, github, repository } = there;
  await repository.commit("main", FILES);
  github.rename(repository, "octo/hello");
  assert.equal((await forge.repositoryById(repository.id)).fullName, "octo/hello");
  assert.equal((await forge.repository("octo/flask")).fullName, "octo/hello");
});

test("checks are statuses and runs; suites without a run are none", async () => {
  await using there = await ground();
  const { forge, repository } = there;
  const commit = await repository.commit("main", FILES);
  assert.deepEqual(await forge.checks("octo/flask", commit), { all: [], hidden: [] });
  const status = { context: "ci/build", description: "", url: "http://ci.example.com/" };
  await forge.setStatus("octo/flask", commit, { ...status, state: "failure" });
  await forge.setStatus("octo/flask", commit, { ...status, state: "success" });
  const suite = (id: number, ...runs: (typeof repository.suites)[number]["runs"]) =>
    repository.suites.push({ id, sha: commit, branch: "main", app: "actions", runs });
  suite(1);
  suite(
    2,
    { id: 21, name: "unit", status: "completed", conclusion: "success" },
    { id: 22, name: "docs", status: "completed", conclusion: "neutral" },
    { id: 23, name: "lint", status: "completed", conclusion: "cancelled" },
    { id: 24, name: "slow", status: "in_progress", conclusion: null },
  );
  const { all } = await forge.checks("octo/flask", commit);
  assert.deepEqual(
    all.map(({ name, state }) => `${name} ${state}`),
    ["ci/build passed", "unit passed", "docs passed", "lint failed", "slow pending"],
  );
});

test("a deployment is made once and told of", async () => {
  await using there = await ground();
  const { forge, repository } = there;
  const commit = await repository.commit("main", FILES);
  const wanted = { commit, environment: "shop", description: "d".repeat(200), mark: "a-build" };
  const id = await forge.deployment("octo/flask", wanted, { find: false });
  assert.equal(await forge.deployment("octo/flask", wanted, { find: true }), id);
  assert.notEqual(await forge.deployment("octo/flask", { ...wanted, mark: "another" }, { find: true }), id);
  const environmentUrl = "http://shop.localhost:8080/";
  await forge.setDeployment("octo/flask", id, { state: "in_progress", description: "Deploying" });
  await forge.setDeployment("octo/flask", id, { state: "success", description: "Released v2", environmentUrl });
  const made = repository.deployments.find((each) => each.id === id);
  assert.deepEqual(
    made?.statuses.map(({ state }) => state),
    ["in_progress", "success"],
  );
  assert.equal(made?.statuses.at(-1)?.environmentUrl, environmentUrl);
  assert.equal(made?.sha, commit);
});

test("what goes wrong is a line", async () => {
  await using there = await ground();
  const { forge, github, repository, token } = there;
  await repository.commit("main", FILES);
  await assert.rejects(
    forge.repository("octo/missing"),
    problem("absent", /^octo\/missing is not there, or the token may not see it$/),
  );
  github.faults.current = { kind: "limited", retryAfter: 120 };
  await assert.rejects(forge.repository("octo/flask"), (error: ForgeError) => {
    assert.ok(Math.abs((error.until ?? 0) - Date.now() - 120_000) < 5000);
    return problem("limited", /wants to be asked less: again in 1(19|20) seconds$/)(error);
  });
  github.faults.current = { kind: "exhausted", reset: Math.floor(Date.now() / 1000) + 60 };
  await assert.rejects(forge.repository("octo/flask"), problem("limited", /again in \d+ seconds$/));
  github.faults.current = { kind: "truncated" };
  await assert.rejects(
    forge.repository("octo/flask"),
    problem("unreachable", /^an answer of 127.0.0.1:\d+ broke off$/),
  );
  await assert.rejects(forge.branches("octo/flask"), problem("unreachable", /broke off/));
  await assert.rejects(forge.heads("octo/flask", ["main"]), problem("unreachable", /broke off/));
  github.faults.current = { kind: "error", status: 502 };
  await assert.rejects(forge.repository("octo/flask"), problem("unreachable", /has trouble of its own \(502\)$/));
  github.faults.current = { kind: "unreachable" };
  await assert.rejects(forge.repository("octo/flask"), problem("unreachable", /cannot be reached: /));
  github.faults.current = undefined;
  token.permission = "read";
  const status = { state: "success", context: "dynoform/shop", description: "", url: "http://x.example.com" } as const;
  const head = (await repository.git.head("main")) ?? "";
  await assert.rejects(forge.setStatus("octo/flask", head, status), problem("forbidden", /^the token may not do this/));
  token.revoked = true;
  await assert.rejects(
    forge.repository("octo/flask"),
    problem("refused", /refuses the token: it was revoked, or has expired\. Connect again\.$/),
  );
});
