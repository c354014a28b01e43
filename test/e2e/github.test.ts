import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import Docker from "dockerode";
import { changed } from "../../services/stacks/engine.ts";
import { appApi } from "../support/app-api.ts";
import { apiOf, containers, runtimeDirectory } from "../support/dyno-manager.ts";
import { startGitHub } from "../support/github/github.ts";
import { startLoad } from "../support/load.ts";
import { testPlatform } from "../support/platform.ts";
import { until } from "../support/until.ts";

const INI = "[uwsgi]\nhttp-socket = :$(PORT)\nmaster = true\ndie-on-term = true\nmodule = run:app\n";

/** An app that answers with its code's version. */
const files = (version: string) => ({
  Procfile: `web: uwsgi uwsgi.ini\nrelease: test "$REFUSED" != ${version}\n`,
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
  await platform.app("live", {});
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
    await until("a ping was taken", async () => github.deliveries.all.some(({ status }) => status === 202));
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

  await t.test("an app goes on while GitHub is away, and has caught up soon after", { timeout: 900_000 }, async () => {
    github.faults.current = { kind: "unreachable" };
    await repository.commit("main", files("C"));
    assert.equal((await (await appApi(platform, "shop")).set({ GREETING: "hello" })).GREETING, "hello");
    assert.equal((await platform.fetch("shop")).body, "code B");
    github.faults.current = undefined;
    await serves("C");
  });

  await t.test("what runs is promoted under load: the same image, no build, no lost request", async () => {
    const { body: pipeline } = await api.ask("POST", "/pipelines", { name: "shop" });
    for (const [app, stage] of [
      ["shop", "staging"],
      ["live", "production"],
    ]) {
      await api.ask("POST", "/pipeline-couplings", { app, pipeline: pipeline.id, stage });
    }
    const image = async (app: string) => {
      const [[container] = [""]] = [...(await containers(platform, app, "running"))].filter(
        ([, dyno]) => dyno === "web.1",
      );
      return (await platform.docker.getContainer(container).inspect()).Image;
    };
    /** As whoever waits for it to the end. */
    const promote = (release?: string) =>
      api.ask(
        "POST",
        "/pipeline-promotions",
        {
          pipeline: { id: pipeline.id },
          source: { app: { id: "shop" }, ...(release !== undefined && { release: { id: release } }) },
          targets: [{ app: { id: "live" } }],
        },
        { prefer: "wait=120" },
      );
    const shop = await appApi(platform, "shop");
    const older = (await shop.releases()).find(({ description }) => description === `Deploy ${first.slice(0, 7)}`);
    await promote(older?.id);
    assert.equal((await platform.fetch("live")).body, "code A");

    await using load = startLoad({
      host: "live.localhost",
      port: platform.ports.web,
      rate: 50,
      most: 400,
      path: () => "/",
      isFromApp: ({ status, body }) => status === 200 && body.startsWith("code "),
    });
    const live = await appApi(platform, "live");
    await live.set({ REFUSED: "C" });
    await assert.rejects(promote(), /live was not promoted: .*release command/s);
    assert.equal((await platform.fetch("live")).body, "code A");
    await live.set({ REFUSED: null });
    const started = performance.now();
    const [, seconds] = await Promise.all([
      promote(),
      load.seen((body) => body === "code C").then(() => (performance.now() - started) / 1000),
    ]);
    const { lost, sent } = await load.stop();
    t.diagnostic(`promoted to under load: the new version after ${seconds.toFixed(1)} s, ${sent} requests`);
    assert.deepEqual(lost, []);
    assert.equal(await image("live"), await image("shop"));
    assert.deepEqual((await api.ask("GET", "/apps/live/builds")).body, []);
    assert.equal(changed(await platform.engine.preview("live")), 0);
    assert.equal(changed(await platform.engine.preview("shop.pipeline")), 0);
    await live.rollback(2);
    assert.equal((await platform.fetch("live")).body, "code A");
    await api.ask("DELETE", "/pipelines/shop");
  });

  await t.test("an app is made as an app.json says, and its postdeploy script runs once", async () => {
    const tiny = await github.repository("octo/tiny", { private: true });
    await tiny.commit("main", {
      Procfile: "web: python -m http.server $PORT\n",
      "requirements.txt": "",
      "app.json": JSON.stringify({
        env: { KEY: { generator: "secret" } },
        // Of the config vars that were made.
        scripts: { postdeploy: 'test "$(printf %s "$KEY" | wc -c)" = 64' },
        success_url: "/Procfile",
      }),
    });
    const { body: archive } = await api.ask("GET", "/repos/octo/tiny/archives/main");
    const wish = { app: { name: "fresh" }, source_blob: { url: archive.archive_link } };
    const { body: begun } = await api.ask("POST", "/app-setups", wish);
    const setup = async () => (await api.ask("GET", `/app-setups/${begun.id}`)).body;
    await until("it is set up", async () => (await setup()).status !== "pending", 120);
    const { status, failure_message: why, postdeploy, resolved_success_url: url } = await setup();
    assert.deepEqual([status, why, postdeploy?.exit_code], ["succeeded", null, 0]);
    assert.equal(new URL(url).pathname, "/Procfile");
    assert.equal((await platform.fetch("fresh")).status, 200);
    assert.equal((await (await appApi(platform, "fresh")).config()).KEY?.length, 64);
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
