import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fetchBranch, fetchedRef } from "../../../../services/control-plane/github/worker/fetch.ts";
import { git } from "../../../../sources/git/git.ts";
import { startGitHub } from "../../../support/github/github.ts";
import { until } from "../../../support/until.ts";

/** The stand-in with a private repository, and an app's folder. */
async function ground() {
  const github = await startGitHub();
  const repository = await github.repository("octo/flask", { private: true });
  const token = github.token("octo");
  const folder = await mkdtemp(join(tmpdir(), "fetch-"));
  const bare = join(folder, "shop.git");
  const fetch = (branch: string, password = token.value) =>
    fetchBranch({
      repository: bare,
      url: `${github.url}/octo/flask.git`,
      branch,
      name: "octo/flask",
      login: { username: "x-access-token", password },
    });
  return {
    github,
    repository,
    token,
    bare,
    fetch,
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true });
      await github[Symbol.asyncDispose]();
    },
  };
}

test("a branch is fetched with its history, and kept by a ref of its own", async () => {
  await using there = await ground();
  const { repository, bare, fetch } = there;
  const first = await repository.commit("main", { "run.py": "one" });
  const second = await repository.commit("main", { "run.py": "two" });
  assert.equal(await fetch("main"), second);
  assert.equal((await git(bare, ["rev-list", second])).trim(), `${second}\n${first}`);
  const forced = await repository.forcePush("main", { "run.py": "three" });
  assert.equal(await fetch("main"), forced);
  // One branch's name may be the folder of another's.
  const next = await repository.commit("main-next/one", { "run.py": "four" });
  await fetch("main-next/one");
  await repository.deleteBranch("main-next/one");
  const short = await repository.commit("main-next", { "run.py": "five" });
  assert.equal(await fetch("main-next"), short);
  assert.equal((await git(bare, ["rev-parse", fetchedRef("main-next/one")])).trim(), next);
});

test("what cannot be fetched is told in a line", async () => {
  await using there = await ground();
  const { repository, fetch, token } = there;
  await repository.commit("main", { "run.py": "" });
  await assert.rejects(fetch("gone"), { name: "FetchFailed", message: "octo/flask has no branch gone" });
  token.revoked = true;
  await assert.rejects(
    fetch("main"),
    /^FetchFailed: 127.0.0.1:\d+ does not let the code of octo\/flask be read: [^\n]+$/,
  );
});

test("the token stands in no argument, variable, file or message", async () => {
  await using there = await ground();
  const { github, repository, bare, fetch, token } = there;
  await repository.commit("main", { "run.py": "" });
  // Git waits for the answer, so that its processes can be looked at.
  github.faults.current = { kind: "silence", milliseconds: 3_600_000 };
  github.faults.meets = (_method, path) => path.endsWith("/git-upload-pack");
  const fetched = fetch("main");
  const ended = fetched.then(
    () => "",
    (error: Error) => `${error.message}${error.stack}`,
  );
  const seen: string[] = [];
  await until("git fetches", async () => {
    for (const pid of await readdir("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      if (!line.includes(github.url)) continue;
      seen.push(line, await readFile(`/proc/${pid}/environ`, "utf8").catch(() => ""));
    }
    return seen.some((line) => line.includes("remote-http"));
  });
  github.faults.current = undefined;
  assert.equal(seen.join("\n").includes(token.value), false);
  await Promise.resolve(github[Symbol.asyncDispose]()).catch(() => {});
  assert.equal((await ended).includes(token.value), false);
  for (const file of await readdir(bare, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const content = await readFile(join(file.parentPath, file.name));
    assert.equal(content.includes(token.value), false, file.name);
  }
});
