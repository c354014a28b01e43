import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import Docker from "dockerode";
import { changed } from "../../services/stacks/engine.ts";
import { appApi } from "../support/app-api.ts";
import { apiOf, runtimeDirectory } from "../support/dyno-manager.ts";
import { startGitHub } from "../support/github/github.ts";
import { testPlatform } from "../support/platform.ts";
import { until } from "../support/until.ts";

const INI = "[uwsgi]\nhttp-socket = :$(PORT)\nmaster = true\ndie-on-term = true\nmodule = run:app\n";

/** An app that answers with its code's version. */
const files = (version: string) => ({
  Procfile: "web: uwsgi uwsgi.ini\n",
  "requirements.txt": "uwsgi==2.0.31\npsycopg2==2.9.12\n",
  "uwsgi.ini": INI,
  "run.py": `def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"code ${version}"]
`,
});

const STACK = "flask-hello.github";
const PATH = "/apps/shop/github";

test("an app is deployed from GitHub: by hand, on a push, and GitHub is told", { timeout: 600_000 }, async (t) => {
  // The host's address that both runner and control plane reach.
  const bridge = await new Docker().getNetwork("docker_gwbridge").inspect();
  await using github = await startGitHub(bridge.IPAM?.Config?.[0]?.Gateway);
  await using platform = await testPlatform({ github: { baseUrl: github.url } });
  const { directory } = platform;
  const file = join(directory, "stacks", `Pulumi.${STACK}.yaml`);
  const repository = await github.repository("octo/flask-hello", { private: true });
  const token = github.token("octo");
  const first = await repository.commit("main", files("A"));
  await platform.app("shop", {});
  await platform.up();
  const api = await apiOf(platform);
  const serves = (version: string) =>
    until(`code ${version} serves`, async () => (await platform.fetch("shop")).body === `code ${version}`, 180);

  await t.test("it is linked, and nothing is deployed by that", async () => {
    await api.ask("POST", "/account/github", { token: token.value });
    const { body } = await api.ask("POST", PATH, { repo: "octo/flask-hello" });
    assert.deepEqual(
      [body.repo, body.branch, body.auto_deploy, body.stack],
      ["octo/flask-hello", "main", false, STACK],
    );
    assert.match(await readFile(file, "utf8"), /dynoform:github-auth: \{ token: \{ secure: v1:/);
    assert.equal(repository.deployments.length, 0);
    assert.notEqual((await platform.fetch("shop")).body, "code A");
  });

  await t.test("what is declared is what there is", async () => {
    assert.equal(changed(await platform.engine.preview(STACK)), 0);
  });

  await t.test("a branch is deployed by hand, as a build with its log", async () => {
    const { body: build } = await api.ask("POST", `${PATH}/push`, { branch: "main" });
    assert.equal(build.source_blob.commit ?? build.source_blob.version, first);
    await serves("A");
    await until("the build has ended", async () => {
      const { body } = await api.ask("GET", `/apps/shop/builds/${build.id}`);
      return body.status === "succeeded";
    });
    const [release] = await (await appApi(platform, "shop")).releases();
    assert.equal(release?.description, `Deploy ${first.slice(0, 7)}`);
  });

  await t.test("a push is told of by the webhook, and deploys", async () => {
    // Nobody on the internet could reach this machine, so it is said that somebody can.
    await writeFile(file, (await readFile(file, "utf8")).replace("repository:", "mode: webhook\n    repository:"));
    await api.ask("PATCH", PATH, { auto_deploy: true });
    assert.equal(repository.hooks.size, 1);
    await until("a ping was taken", async () => github.deliveries.all.some(({ status }) => status === 202), 30);
    const started = performance.now();
    await repository.commit("main", files("B"));
    await serves("B");
    t.diagnostic(`served ${((performance.now() - started) / 1000).toFixed(1)} s after the push`);
    const log = await (await appApi(platform, "shop")).logs({ source: "app", dyno: "api" });
    assert.match(log, /app\[api\]: GitHub: deploying [0-9a-f]{7}, the head of main of octo\/flask-hello/);
  });

  await t.test("GitHub knows what runs", async () => {
    const head = await repository.git.head("main");
    const states = () => repository.deployments.map(({ sha, statuses }) => [sha, statuses.at(-1)?.state]);
    await until("it was told", async () => states().some(([sha, state]) => sha === first && state === "inactive"));
    assert.deepEqual(states(), [
      [first, "inactive"],
      [head, "success"],
    ]);
    const status = repository.statuses.findLast(({ sha }) => sha === head);
    assert.deepEqual([status?.state, status?.context], ["success", "dynoform/shop"]);
    assert.match(status?.targetUrl ?? "", /\/apps\/shop\/builds\/[\w-]+$/);
    assert.equal(changed(await platform.engine.preview(STACK)), 0);
    assert.equal(changed(await platform.engine.preview("shop")), 0);
  });

  await t.test("an app goes on while GitHub is away, and has caught up soon after", { timeout: 240_000 }, async () => {
    github.faults.current = { kind: "unreachable" };
    await repository.commit("main", files("C"));
    assert.equal((await (await appApi(platform, "shop")).set({ GREETING: "hello" })).GREETING, "hello");
    assert.equal((await platform.fetch("shop")).body, "code B");
    github.faults.current = undefined;
    await serves("C");
  });

  await t.test("the token is nowhere in clear", async () => {
    for (const place of [join(directory, "stacks"), join(directory, ".dynoform"), runtimeDirectory(platform)]) {
      for (const entry of await readdir(place, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const content = await readFile(join(entry.parentPath, entry.name)).catch(() => Buffer.alloc(0));
        assert.equal(content.includes(token.value), false, join(entry.parentPath, entry.name));
      }
    }
    const container = platform.docker.getContainer(`${platform.name}-control-plane`);
    const said = await container.logs({ stdout: true, stderr: true });
    assert.equal(said.includes(token.value), false);
  });

  await t.test("unlinked, the webhook is gone, and the app serves on", async () => {
    await api.ask("DELETE", PATH);
    assert.equal(repository.hooks.size, 0);
    assert.equal((await readdir(join(directory, "stacks"))).includes(`Pulumi.${STACK}.yaml`), false);
    assert.equal((await platform.fetch("shop")).body, "code C");
  });

  await t.test("while GitHub refuses every call it is unlinked too, and what is left there is said", async () => {
    await api.ask("POST", PATH, { repo: "octo/flask-hello" });
    await writeFile(file, (await readFile(file, "utf8")).replace("repository:", "mode: webhook\n    repository:"));
    await api.ask("PATCH", PATH, { branch: "main", auto_deploy: true });
    assert.equal(repository.hooks.size, 1);
    github.faults.current = { kind: "error", status: 503 };
    const { headers } = await api.ask("DELETE", PATH);
    const warning = String(headers["warning-message"]);
    const page = `${github.url}/octo/flask-hello/settings/hooks`;
    assert.ok(
      warning.startsWith(
        `Remove by hand: the webhook whose address names ${STACK}, at ${page}. It could not be removed: `,
      ),
      warning,
    );
    assert.equal((await readdir(join(directory, "stacks"))).includes(`Pulumi.${STACK}.yaml`), false);
    assert.equal(
      (await platform.engine.stacks()).some(({ name }) => name === STACK),
      false,
    );
    github.faults.current = undefined;
    assert.equal(repository.hooks.size, 1);
    assert.equal((await platform.fetch("shop")).body, "code C");
  });
});
