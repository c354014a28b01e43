import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ForgeError } from "../../../../services/control-plane/github/forge/forge.ts";
import { openForge } from "../../../../services/control-plane/github/forge/open.ts";
import { fetchBranch } from "../../../../services/control-plane/github/worker/fetch.ts";
import { startGitea } from "../../../support/gitea/gitea.ts";

const FILES = { "run.py": "" };
const NAME = "octo/flask";

/** The stand-in with the repository `octo/flask`, and the adapter as its owner. */
async function ground() {
  const gitea = await startGitea();
  const repository = await gitea.world.repository(NAME, { private: true });
  const token = gitea.world.token("octo");
  const by = { forge: "gitea", baseUrl: gitea.url, credential: { token: token.value } } as const;
  const forge = openForge(by);
  return { gitea, repository, token, forge, [Symbol.asyncDispose]: () => gitea[Symbol.asyncDispose]() };
}

const problem = (kind: string, message: RegExp) => (error: ForgeError) =>
  error.problem === kind && message.test(error.message) && !error.message.includes("\n");

test("a Gitea's repositories, branches and heads are those of the port", async () => {
  await using there = await ground();
  const { gitea, forge, repository } = there;
  const main = await repository.commit("main", FILES);
  const next = await repository.commit("feature/next", FILES);
  await gitea.world.repository("hubot/public");
  assert.equal(await forge.login(), "octo");
  const found = await forge.repository(NAME);
  assert.deepEqual(found, {
    id: repository.id,
    fullName: NAME,
    defaultBranch: "main",
    private: true,
    htmlUrl: `${gitea.url}/${NAME}`,
    cloneUrl: `${gitea.url}/${NAME}.git`,
  });
  assert.deepEqual(await forge.repositoryById(repository.id), found);
  assert.deepEqual(
    new Map((await forge.branches(NAME)).map(({ name, head }) => [name, head])),
    new Map([
      ["feature/next", next],
      ["main", main],
    ]),
  );
  assert.deepEqual(await forge.heads(NAME, ["main"]), new Map([["main", main]]));
  assert.deepEqual(await forge.heads(NAME, ["gone"]), new Map());
  gitea.requests.length = 0;
  const both = await forge.heads(NAME, ["feature/next", "main", "gone"]);
  assert.deepEqual([both.get("main"), both.get("feature/next"), both.size], [main, next, 2]);
  assert.equal(gitea.requests.length, 1);
  assert.deepEqual(
    (await forge.search("flask")).map(({ fullName }) => fullName),
    [NAME],
  );
  assert.deepEqual(await forge.search("public"), [], "what strangers show everybody is not one's own");
});

test("commits are compared, the oldest first", async () => {
  await using there = await ground();
  const { forge, repository } = there;
  const first = await repository.commit("main", FILES, { message: "First" });
  const second = await repository.commit("main", { "run.py": "2" }, { message: "Second" });
  const third = await repository.commit("main", { "run.py": "3" }, { message: "Third" });
  const { ahead, commits } = await forge.compare(NAME, first, "main");
  assert.equal(ahead, 2);
  assert.deepEqual(
    commits.map(({ sha, message }) => [sha, message]),
    [
      [second, "Second"],
      [third, "Third"],
    ],
  );
});

test("its checks are commit statuses, and ours is one; deployments it has none", async () => {
  await using there = await ground();
  const { forge, repository } = there;
  const head = await repository.commit("main", FILES);
  assert.deepEqual(await forge.checks(NAME, head), { all: [], hidden: [] });
  repository.statuses.push({
    id: 1,
    sha: head,
    state: "pending",
    context: "ci",
    description: null,
    targetUrl: null,
    creator: repository.owner,
    at: repository.createdAt,
  });
  await forge.setStatus(NAME, head, {
    state: "success",
    context: "dynoform/shop",
    description: "x".repeat(200),
    url: "http://here/",
  });
  assert.deepEqual((await forge.checks(NAME, head)).all, [
    { name: "ci", state: "pending" },
    { name: "dynoform/shop", state: "passed" },
  ]);
  assert.equal(repository.statuses.at(-1)?.description?.length, 140);
  const wanted = { commit: head, environment: "shop", description: "", mark: "1" };
  await assert.rejects(forge.deployment(NAME, wanted, { find: false }), problem("lacking", /^a Gitea has none$/));
});

test("its code is fetched by the token", async () => {
  await using there = await ground();
  const { forge, repository } = there;
  const head = await repository.commit("main", FILES);
  const folder = await mkdtemp(join(tmpdir(), "gitea-fetch-"));
  try {
    const { cloneUrl: url } = await forge.repository(NAME);
    const place = { repository: join(folder, "app.git"), url, branch: "main", name: NAME };
    assert.equal(await fetchBranch({ ...place, login: await forge.gitLogin() }), head);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("what a Gitea does not do is one line, by kinds", async () => {
  await using there = await ground();
  const { gitea, forge, token } = there;
  await assert.rejects(
    forge.repository("octo/gone"),
    problem("absent", /^octo\/gone is not there, or the token may not see it$/),
  );
  token.revoked = true;
  await assert.rejects(forge.login(), problem("refused", /^Gitea refuses the token: it was revoked, or is wrong/));
  token.revoked = false;
  gitea.fault = { kind: "error", status: 502 };
  await assert.rejects(forge.login(), problem("unreachable", /^Gitea has trouble of its own \(502\)$/));
  gitea.fault = { kind: "unreachable" };
  await assert.rejects(forge.login(), problem("unreachable", /^cannot reach Gitea at http:\S+ \(\w+\): try again/));
  gitea.fault = undefined;
  const app = { app: { id: "1", installation: "2", pem: "" } };
  assert.throws(
    () => openForge({ forge: "gitea", baseUrl: gitea.url, credential: app }),
    problem("refused", /has no Apps/),
  );
});
