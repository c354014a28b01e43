import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import type { ControlPlaneSettings } from "../../../../model/platform/control-plane.ts";
import { Token } from "../../../../services/control-plane/accounts/token.ts";
import { Apps } from "../../../../services/control-plane/apps/apps.ts";
import type { Change } from "../../../../services/control-plane/apps/journal.ts";
import { Journal } from "../../../../services/control-plane/apps/journal.ts";
import { QueueLock } from "../../../../services/control-plane/apps/lock.ts";
import { CiUps } from "../../../../services/control-plane/ci/ups.ts";
import { Builds } from "../../../../services/control-plane/deploys/builds.ts";
import type { DeployCommit } from "../../../../services/control-plane/deploys/deploy-commit.ts";
import { BuildStore } from "../../../../services/control-plane/deploys/store.ts";
import { openGitHub } from "../../../../services/control-plane/github/open.ts";
import { declaredPipelines } from "../../../../services/control-plane/pipelines/declared.ts";
import { RunFailed } from "../../../../services/control-plane/runs/runner.ts";
import { openStore } from "../../../../services/control-plane/store.ts";
import type { Outcome } from "../../../../services/stacks/engine.ts";
import { startGitea } from "../../../support/gitea/gitea.ts";
import { type GitHub, startGitHub } from "../../../support/github/github.ts";
import { until } from "../../../support/until.ts";

const act = { user: "ada@example.com", description: "Connect to octo/flask" };
const shop = { name: "shop", id: "shop", stack: "shop" };
const other = { name: "other", id: "other", stack: "other" };
const done: Outcome = { changes: {}, steps: [], outputs: {}, warnings: [] };

/** Links with the stand-in for GitHub, and a runner that does what the stacks' files say without Pulumi. */
async function ground(github: GitHub) {
  const project = await mkdtemp(join(tmpdir(), "links-"));
  const stacks = join(project, "stacks");
  await mkdir(stacks);
  await writeFile(join(project, "Pulumi.yaml"), "name: test\nruntime: nodejs\nstackConfigDir: stacks\n");
  await writeFile(join(stacks, "Pulumi.platform.yaml"), "config:\n  dynoform:platform: { name: test }\n");
  await writeFile(join(stacks, "Pulumi.shop.yaml"), "config:\n  dynoform:app: {}\n");
  await writeFile(join(stacks, "Pulumi.other.yaml"), "config:\n  dynoform:app: {}\n");
  const fileOf = (stack: string) => join(stacks, `Pulumi.${stack}.yaml`);
  const textOf = (stack: string) => readFile(fileOf(stack), "utf8").catch(() => undefined);
  const runs: string[] = [];
  const fails: { next?: Error } = {};
  const found = new Map<string, Outcome | Error>();
  const secrets = new Map<string, string>();
  const run =
    (verb: string) =>
    async (stack: string, _act: unknown, options: { id?: string; withoutForge?: boolean } = {}) => {
      runs.push(`${verb} ${stack}`);
      const { next } = fails;
      delete fails.next;
      // As the runner does it.
      if (next !== undefined && options.withoutForge === true) {
        const outcome = { ...done, warnings: [`${verb}: ${next.message}`] };
        found.set(options.id ?? "", outcome);
        return outcome;
      }
      found.set(options.id ?? "", next ?? done);
      if (next !== undefined) throw next;
      return done;
    };
  const runner = {
    up: run("up"),
    create: run("create"),
    destroy: run("destroy"),
    preview: async () => done,
    find: async (id: string) => (found.has(id) ? ({} as never) : undefined),
    follow: async (id: string) => {
      const end = found.get(id);
      if (end instanceof Error || end === undefined) throw end ?? new Error("no such run");
      return end;
    },
    log: async () => "",
    async pulumi(args: readonly string[], input = "", folder = project) {
      if (args[1] === "init") {
        const file = join(folder, `Pulumi.${args[2]}.yaml`);
        await writeFile(file, `encryptionsalt: v1:salt\n${await readFile(file, "utf8")}`);
        return "";
      }
      const [, key = ""] = /^dynoform:github-auth\["(\w+)"\]$/.exec(args[4] ?? "") ?? [];
      const copy = args[6] ?? "";
      const secure = `v1:${secrets.size}`;
      secrets.set(secure, input.trimEnd());
      const text = (await readFile(copy, "utf8")).replace(/\n {2}dynoform:github-auth:.*$/m, "");
      await writeFile(copy, `${text}  dynoform:github-auth: { ${key}: { secure: "${secure}" } }\n`);
      return "";
    },
  };
  const store = openStore(":memory:");
  const journal = new Journal(store);
  const lock = new QueueLock();
  const problems: string[] = [];
  const report = (problem: string) => void problems.push(problem);
  const log: string[] = [];
  const committed: string[] = [];
  const settings = { platform: "test", project, directory: join(project, "home"), domain: "localhost", webPort: 8080 };
  const apps = new Apps({
    ...settings,
    journal,
    runner,
    lock,
    scratch: join(project, "home", "control", "scratch"),
    sizes: async () => ({ slug: null, repository: null }),
    commits: undefined,
    report,
  });
  const deploy: DeployCommit = async ({ name }, commit) => {
    log.push(`deployed ${commit.slice(0, 7)} to ${name}`);
    await apps.change(name, act, (file) => file.source({ commit }));
    return 2;
  };
  const builds = new Builds({
    store: new BuildStore(store, join(project, "builds"), Date.now),
    sources: { create: async () => assert.fail(), find: async () => assert.fail() },
    directory: settings.directory,
    deploy,
    report,
  });
  const open = () =>
    openGitHub({
      runner: runner as never,
      journal,
      commits: { commit: async ({ kind }: Change) => void committed.push(kind) } as never,
      apps,
      builds,
      stacks: {
        // As the component has it.
        async outputs(stack) {
          const config = parse((await textOf(stack)) ?? "")?.config;
          const settings = config?.["dynoform:github"];
          const repository = github.state.repositories.find(
            ({ owner, name }) => `${owner.login}/${name}` === settings?.repository,
          );
          const token = secrets.get(config?.["dynoform:github-auth"]?.token?.secure);
          return { repositoryId: repository?.id, credential: { token } };
        },
        written: async () => runs.length,
      },
      lock,
      async needed(stack) {
        const all = await declaredPipelines({ project, platform: "test", firstSeen: () => 0 });
        return all.some((pipeline) => pipeline.github === stack);
      },
      log: { write: (app, { text }) => void log.push(`${app}: ${text}`) },
      store,
      key: new Token(join(project, "token")),
      settings: settings as ControlPlaneSettings,
      clock: Date.now,
      report,
    });
  const opened = open();
  return {
    ...opened,
    apps,
    builds,
    journal,
    runs,
    fails,
    log,
    problems,
    committed,
    secrets,
    textOf,
    stacks,
    project,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      store.close();
      await rm(project, { recursive: true, force: true });
    },
  };
}

async function withGitHub() {
  const github = await startGitHub();
  const repository = await github.repository("octo/Flask.Hello");
  const head = await repository.commit("main", { "run.py": "" });
  const by = { baseUrl: github.url, credential: { token: github.token("octo").value } };
  return { github, repository, head, by };
}

test("an app is linked by a stack of its repository's own, whose file has the credential encrypted", async () => {
  const { github, by } = await withGitHub();
  await using _github = github;
  await using there = await ground(github);
  const { links, runs, textOf, secrets } = there;
  const link = await links.connect(shop, "octo/flask.hello", by, {}, act);
  assert.equal(link.link.stack, "flask-hello.github");
  assert.deepEqual(runs, ["create flask-hello.github"]);
  assert.deepEqual(parse((await textOf("flask-hello.github")) ?? ""), {
    encryptionsalt: "v1:salt",
    config: {
      "dynoform:github": { repository: "octo/Flask.Hello", baseUrl: github.url, apps: { shop: { branch: "main" } } },
      "dynoform:github-auth": { token: { secure: "v1:0" } },
    },
  });
  assert.equal(secrets.get("v1:0"), by.credential.token);
  assert.deepEqual((await links.of(shop))?.autoDeploy, false);
  assert.equal(await links.of(other), undefined);
  assert.deepEqual(there.committed, ["link-create"]);
  const [activity] = there.apps.activity("shop");
  assert.deepEqual([activity?.description, activity?.result], [act.description, "succeeded"]);
});

test("apps of one repository share its stack, which goes with the last of them", async () => {
  const { github, by } = await withGitHub();
  await using _github = github;
  await using there = await ground(github);
  const { links, runs, textOf, secrets, stacks } = there;
  await links.connect(shop, "octo/flask.hello", by, {}, act);
  await links.connect(other, "OCTO/flask.hello", by, { autoDeploy: true, waitForCi: true }, act);
  assert.equal(secrets.size, 1, "the credential that works stays");
  await links.set(shop, { autoDeploy: true }, act);
  const declared = () => textOf("flask-hello.github").then((text) => parse(text ?? "").config["dynoform:github"].apps);
  assert.deepEqual(await declared(), {
    shop: { branch: "main", autoDeploy: true },
    other: { branch: "main", autoDeploy: true, waitForCi: true },
  });
  await links.disconnect(shop, act);
  assert.deepEqual(Object.keys(await declared()), ["other"]);
  await links.disconnect(other, act);
  assert.deepEqual(
    runs,
    ["create", "up", "up", "up", "destroy"].map((verb) => `${verb} flask-hello.github`),
  );
  assert.equal((await readdir(stacks)).includes("Pulumi.flask-hello.github.yaml"), false);
  await assert.rejects(links.disconnect(other, act), /^UserError: other is not connected to a repository/);
});

test("what cannot be linked is told in a line, and nothing changes", async () => {
  const { github, by } = await withGitHub();
  await using _github = github;
  await using there = await ground(github);
  const { links, runs, fails } = there;
  const second = await github.repository("octo/second");
  await second.commit("main", { "run.py": "" });
  const connect = (repository: string, branch = "main") => links.connect(shop, repository, by, { branch }, act);
  await assert.rejects(connect("flask"), /^UserError: flask is no repository\. Use OWNER\/NAME/);
  await assert.rejects(connect("octo/gone"), /octo\/gone is not there, or the token may not see it$/);
  await assert.rejects(connect("octo/flask.hello", "next"), /octo\/Flask\.Hello has no branch next$/);
  assert.deepEqual(runs, []);
  fails.next = new RunFailed("failed", "the hook was refused");
  await assert.rejects(connect("octo/flask.hello"), /the hook was refused/);
  assert.deepEqual(runs, ["create flask-hello.github", "destroy flask-hello.github"]);
  assert.deepEqual(await links.list(), []);
  await connect("octo/flask.hello");
  await assert.rejects(
    connect("octo/second"),
    /shop is connected to octo\/Flask\.Hello already\. Disconnect it first\.$/,
  );
  await assert.rejects(links.set(shop, { branch: "next" }, act), /has no branch next$/);
});

test("a change that fails is taken back", async () => {
  const { github, by } = await withGitHub();
  await using _github = github;
  await using there = await ground(github);
  const { links, runs, fails, textOf } = there;
  await links.connect(shop, "octo/flask.hello", by, {}, act);
  const before = await textOf("flask-hello.github");
  fails.next = new RunFailed("failed", "GitHub has trouble of its own (502)");
  await assert.rejects(links.set(shop, { autoDeploy: true }, act), /trouble of its own/);
  assert.equal(await textOf("flask-hello.github"), before);
  assert.deepEqual(runs.slice(1), ["up flask-hello.github", "up flask-hello.github"]);
});

test("what takes something away is done while GitHub refuses every call, and says what is left there", async () => {
  const { github, by } = await withGitHub();
  await using _github = github;
  await using there = await ground(github);
  const { links, runs, fails, textOf, stacks } = there;
  await links.connect(shop, "octo/flask.hello", by, { autoDeploy: true, waitForCi: true }, act);
  await links.connect(other, "octo/flask.hello", by, {}, act);
  github.faults.current = { kind: "unreachable" };
  const refused = () => {
    fails.next = new RunFailed("failed", "cannot reach GitHub");
  };
  refused();
  const { warnings, autoDeploy } = await links.set(shop, { autoDeploy: false }, act);
  assert.deepEqual([autoDeploy, warnings], [false, ["up: cannot reach GitHub"]]);
  refused();
  await assert.rejects(links.set(shop, { autoDeploy: true }, act), /^ChangeFailed: cannot reach GitHub$/);
  assert.equal((await links.of(shop))?.autoDeploy, false);
  refused();
  assert.deepEqual((await links.disconnect(shop, act)).warnings, ["up: cannot reach GitHub"]);
  assert.equal(await links.of(shop), undefined);
  refused();
  assert.deepEqual((await links.disconnect(other, act)).warnings, ["destroy: cannot reach GitHub"]);
  assert.equal(await textOf("flask-hello.github"), undefined);
  assert.equal((await readdir(stacks)).includes("Pulumi.flask-hello.github.yaml"), false);
  assert.equal(runs.at(-1), "destroy flask-hello.github");
  github.faults.current = undefined;
});

test("what a control plane began that was killed is finished by the next", async () => {
  const { github, by } = await withGitHub();
  await using _github = github;
  await using there = await ground(github);
  const { links, journal, runs, textOf, resume } = there;
  await links.connect(shop, "octo/flask.hello", by, {}, act);
  const before = (await textOf("flask-hello.github")) ?? "";
  const after = before
    .replace("{ branch: main }", "{ branch: main, autoDeploy: true }")
    .replace("branch: main\n", "branch: main\n        autoDeploy: true\n");
  assert.notEqual(after, before);
  const [link] = await links.list();
  const activity = journal.begin("shop", act);
  const place = { app: "shop", stack: "flask-hello.github", path: link?.path ?? "" };
  journal.applying({ kind: "link-edit", activity, ...place, before, after, run: "run-1", repair: "run-2" });
  await resume();
  assert.deepEqual(runs.slice(1), ["up flask-hello.github"]);
  assert.equal((await links.of(shop))?.autoDeploy, true);
  assert.deepEqual(journal.unfinished(), []);
});

test("a credential that holds no longer is replaced when somebody connects again", async () => {
  const { github, by } = await withGitHub();
  await using _github = github;
  await using there = await ground(github);
  const { links, secrets } = there;
  await links.connect(shop, "octo/flask.hello", by, { autoDeploy: true }, act);
  const token = github.state.tokens.get(by.credential.token);
  if (token !== undefined) token.revoked = true;
  await assert.rejects(links.branches(shop), /refuses the token: it was revoked, or has expired\. Connect again\.$/);
  const next = { baseUrl: github.url, credential: { token: github.token("octo").value } };
  await links.connect(shop, "octo/flask.hello", next, { autoDeploy: true }, act);
  assert.deepEqual([...secrets.values()], [by.credential.token, next.credential.token]);
  assert.deepEqual(
    (await links.branches(shop)).map(({ name }) => name),
    ["main"],
  );
});

test("an app that is destroyed leaves its link", async () => {
  const { github, by } = await withGitHub();
  await using _github = github;
  await using there = await ground(github);
  const { links, apps, textOf } = there;
  await links.connect(shop, "octo/flask.hello", by, {}, act);
  await links.connect(other, "octo/flask.hello", by, {}, act);
  await apps.destroy("shop", act);
  await until("the app left its link", async () => (await links.list())[0]?.apps.shop === undefined);
  assert.deepEqual(Object.keys((await links.list())[0]?.apps ?? {}), ["other"]);
  await apps.destroy("other", act);
  await until("the link is gone", async () => (await links.list()).length === 0);
  await until("its file is gone", async () => (await textOf("flask-hello.github")) === undefined);
});

test("a branch is deployed by hand, and by itself where that is declared; the repository is told of both", async () => {
  const { github, repository, head, by } = await withGitHub();
  await using _github = github;
  await using there = await ground(github);
  const { links, builds, apps, log, start } = there;
  await start();
  await links.connect(shop, "octo/flask.hello", by, {}, act);
  const build = await links.deploy(shop, "main", "ada@example.com");
  assert.equal(build.revision, head);
  await until("it is deployed", async () => builds.get(build.id)?.status === "succeeded");
  assert.match(await builds.log(build.id), /^-----> Fetching main of octo\/Flask\.Hello, which is at /);
  await assert.rejects(links.deploy(shop, "next", "ada@example.com"), /has no branch next$/);
  await links.set(shop, { autoDeploy: true }, act);
  const next = await repository.commit("main", { "run.py": "next" });
  // No webhook tells of it here, so it is looked at for another reason.
  await links.set(shop, { autoDeploy: true }, act);
  const deployed = async () => (await apps.get("shop"))?.settings.source;
  await until("the new head is deployed", async () => ((await deployed()) as { commit?: string })?.commit === next);
  await until(
    "the repository is told",
    async () =>
      repository.deployments.filter(({ statuses }) => statuses.at(-1)?.state === "success").length === 1 &&
      repository.deployments.some(({ statuses }) => statuses.at(-1)?.state === "inactive"),
  );
  assert.deepEqual(
    repository.statuses
      .filter(({ sha }) => sha === next)
      .map(({ state, context }) => `${state} ${context}`)
      .at(-1),
    "success dynoform/shop",
  );
  const said = `shop: GitHub: deploying ${next.slice(0, 7)}, the head of main of octo/Flask.Hello`;
  assert.equal(log.includes(said), true);
  const state = await links.state(shop);
  assert.deepEqual([state.head, state.by, state.problem, state.waiting], [next, "polling", undefined, undefined]);
  assert.equal(state.repository?.fullName, "octo/Flask.Hello");
  assert.deepEqual(there.problems, []);
});

test("a repository at a Gitea is linked and deployed alike, and what that lacks is said once", async () => {
  await using gitea = await startGitea();
  const repository = await gitea.world.repository("octo/Flask.Hello");
  const head = await repository.commit("main", { "run.py": "" });
  await using there = await ground(gitea.world);
  const { links, apps, log, start, textOf } = there;
  await start();
  const credential = { token: gitea.world.token("octo").value };
  const by = { forge: "gitea", baseUrl: gitea.url, credential } as const;
  await links.connect(shop, "octo/flask.hello", by, { autoDeploy: true }, act);
  assert.deepEqual(parse((await textOf("flask-hello.github")) ?? "").config["dynoform:github"], {
    repository: "octo/Flask.Hello",
    forge: "gitea",
    baseUrl: gitea.url,
    apps: { shop: { branch: "main", autoDeploy: true } },
  });
  const deployed = async () => (await apps.get("shop"))?.settings.source as { commit?: string } | undefined;
  await until("its head is deployed", async () => (await deployed())?.commit === head);
  await until("it is told", async () => repository.statuses.at(-1)?.state === "success");
  const said = (text: string) => log.filter((line) => line.includes(text)).length;
  await until("what it lacks is said", async () => said("deployments of this repository are left out") === 1);
  assert.ok(log.includes("shop: Gitea: deployments of this repository are left out from now on: a Gitea has none"));
  assert.equal(said("Gitea: deploying"), 1);
  assert.deepEqual(there.problems, []);
});

test("a link that a pipeline takes stays without apps, and goes with the last that takes it", async () => {
  const { github, by } = await withGitHub();
  await using _github = github;
  await using there = await ground(github);
  const { links, textOf, stacks, runs } = there;
  const file = join(stacks, "Pulumi.flask.pipeline.yaml");
  const declare = ({ stack }: { stack: string }) =>
    writeFile(file, `config:\n  dynoform:pipeline: { github: ${stack} }\n`);
  const link = await links.take("octo/flask.hello", by, act, declare);
  assert.deepEqual([link.stack, link.apps], ["flask-hello.github", {}]);
  assert.equal((await links.repository(link)).repository.fullName, "octo/Flask.Hello");
  await links.connect(shop, "octo/flask.hello", by, {}, act);
  await links.disconnect(shop, act);
  assert.ok(await textOf("flask-hello.github"), "a pipeline takes it still");
  await links.give(link.stack, act, () => rm(file));
  assert.equal(await textOf("flask-hello.github"), undefined);
  const refused = () => Promise.reject(new Error("it was refused"));
  await assert.rejects(links.take("octo/flask.hello", by, act, refused), /it was refused/);
  assert.equal(await textOf("flask-hello.github"), undefined, "a link that was made for nothing goes again");
  assert.deepEqual(runs, [
    "create flask-hello.github",
    ...["up", "up", "destroy", "create", "destroy"].map((verb) => `${verb} flask-hello.github`),
  ]);
});

test("a link is made and changed by a stack file that a workflow sends, and takes nothing from another", async () => {
  const { github, repository, by, head } = await withGitHub();
  await using _github = github;
  await using there = await ground(github);
  const { links, runs, fails, sent, secrets, textOf, apps, project, log } = there;
  const ups = new CiUps({ apps, links: sent, project });
  const workflow = { repository: "octo/infra", ref: "refs/heads/main", sha: "abcdef0123", actor: "octocat" };
  const file = (stack: string, name: string, app: string) =>
    stringify({
      encryptionsalt: "v1:ours",
      config: {
        "dynoform:github": { repository: name, baseUrl: github.url, apps: { [app]: { branch: "main" } } },
        "dynoform:github-auth": { token: { secure: `v1:${stack}` } },
      },
    });
  secrets.set("v1:flask.github", by.credential.token);
  const text = file("flask.github", "octo/Flask.Hello", "shop");
  const up = (stack: string, before: string, after: string) => ups.up(stack, { before, after }, workflow);
  fails.next = new RunFailed("failed", "the hook was refused");
  await assert.rejects(up("flask.github", "", text), /^ChangeFailed: the hook was refused$/);
  assert.equal(await textOf("flask.github"), undefined, "it was taken back");
  assert.deepEqual(await up("flask.github", "", text), { changes: {} });
  assert.equal(await textOf("flask.github"), text);
  assert.deepEqual(runs, ["create flask.github", "destroy flask.github", "create flask.github"]);
  assert.equal((await links.of(shop))?.link.stack, "flask.github");
  const [activity] = apps.activity("flask.github");
  assert.deepEqual([activity?.user, activity?.result], ["octocat@octo/infra", "succeeded"]);
  await there.start();
  await until("the head is known", async () => (await links.state(shop)).head === head);
  const following = text.replace("branch: main", "branch: main\n        autoDeploy: true");
  await up("flask.github", text, following);
  const next = await repository.commit("main", { "run.py": "next" });
  // No webhook tells of it here: what is sent has the repository looked at.
  const deployed = following.replace("repository:", "mode: polling\n    repository:");
  await up("flask.github", following, deployed);
  await until("the new head is deployed", async () => log.includes(`deployed ${next.slice(0, 7)} to shop`));
  await assert.rejects(
    up("flask.github", text, file("flask.github", "octo/Flask.Hello", "other")),
    /changed on the host/,
  );
  await assert.rejects(up("flask.github", deployed, file("flask.github", "octo/x", "shop")), /by another stack/);
  await assert.rejects(
    up("again.github", "", file("again.github", "octo/flask.hello", "other")),
    /is linked by flask\.git/,
  );
  await assert.rejects(
    up("more.github", "", file("more.github", "octo/more", "shop")),
    /shop is connected to octo\/Flask/,
  );
  await assert.rejects(
    up("shop", "", file("shop", "octo/more", "other")),
    /a stack shop on this host already, which is no/,
  );
  const elsewhere = file("far.github", "octo/more", "other").replace("repository:", "platform: far\n    repository:");
  await assert.rejects(up("far.github", "", elsewhere), /is a link of far, which is not the platform/);
  const hatch = file("far.github", "octo/more", "other").replace("config:", "config:\n  docker:host: tcp://evil");
  await assert.rejects(up("far.github", "", hatch), /docker:host is not taken from a workflow/);
  assert.equal((await links.list()).length, 1);
});
