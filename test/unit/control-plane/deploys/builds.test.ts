import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { Token } from "../../../../services/control-plane/accounts/token.ts";
import { createApi } from "../../../../services/control-plane/api/index.ts";
import { Builds } from "../../../../services/control-plane/deploys/builds.ts";
import { type DeployCommit, DeployFailed } from "../../../../services/control-plane/deploys/deploy-commit.ts";
import { Sources } from "../../../../services/control-plane/deploys/sources.ts";
import { BuildStore } from "../../../../services/control-plane/deploys/store.ts";
import { openStore } from "../../../../services/control-plane/store.ts";
import { git } from "../../../../sources/git/git.ts";
import { repositoryPath } from "../../../../sources/git/repository.ts";
import { until } from "../../../support/until.ts";
import { memoryAccounts } from "../api/accounts.ts";
import { World } from "../api/fakes.ts";
import { ask } from "../api/served.ts";

const TOKEN = "a-token";
const LIMIT = 100_000;

/** The API with real builds, whose deployments are the test's own. */
async function ground(deploy: DeployCommit) {
  const folder = await mkdtemp(join(tmpdir(), "builds-"));
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, TOKEN);
  const problems: string[] = [];
  const report = (problem: string) => void problems.push(problem);
  const time = { now: Date.now() };
  const clock = () => time.now;
  const token = new Token(tokenFile);
  const sources = new Sources({ folder: join(folder, "sources"), token, clock, limit: LIMIT, report });
  const store = new BuildStore(openStore(":memory:"), join(folder, "outputs"), clock);
  const ended: string[] = [];
  const deployed = (app: string, result: string, seconds: number) => void ended.push(`${app} ${result} ${seconds}`);
  const builds = new Builds({ store, sources, directory: folder, deploy, deployed, report });
  const world = new World();
  const { server } = createApi({
    ports: { ...world.ports(), accounts: memoryAccounts(tokenFile), builds },
    platform: "test",
    tokenFile,
    hours: { free: 0, per: "app" },
    health: async () => ({ apps: true, data: true, tools: true }),
    asides: [sources.serve],
    report,
    clock,
  });
  const { port } = await server.listen(0, "127.0.0.1");
  const api = (method: string, path: string, body?: unknown) =>
    ask(port, method, path, body, { authorization: `Bearer ${TOKEN}` });
  return {
    api,
    builds,
    ended,
    store,
    world,
    time,
    problems,
    repository: repositoryPath(folder, "shop-id"),
    source: async (): Promise<{ put_url: string; get_url: string }> =>
      (await api("POST", "/apps/shop/sources")).body.source_blob,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function archive(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) tar.entry({ name }, text);
  tar.finalize();
  return buffer(tar.pipe(createGzip() as never) as never);
}

const send = async (url: string, body: Uint8Array) => {
  const answer = await fetch(url, { method: "PUT", body });
  return { status: answer.status, text: await answer.text() };
};

test("an archive is sent, becomes a commit, is deployed, and its output comes as it is said", async () => {
  const gate = Promise.withResolvers<void>();
  const deployed: string[] = [];
  await using there = await ground(async (app, commit, user, say) => {
    deployed.push(`${app.name} ${commit} ${user}`);
    say("-----> Building");
    await gate.promise;
    say("       Released v2");
    return 2;
  });
  const { put_url, get_url } = await there.source();
  const bytes = await archive({ Procfile: "web: run\n" });
  assert.deepEqual(await send(put_url, bytes), { status: 200, text: "" });
  assert.deepEqual(Buffer.from(await (await fetch(get_url)).arrayBuffer()), bytes);
  assert.equal((await send(put_url, bytes)).status, 409, "it is good for one upload");

  const made = await there.api("POST", "/apps/shop/builds", { source_blob: { url: get_url, version: "v1.2" } });
  assert.equal(made.status, 201);
  assert.deepEqual([made.body.status, made.body.source_blob.version], ["pending", "v1.2"]);
  const again = await there.api("POST", "/apps/shop/builds", { source_blob: { url: get_url } });
  assert.deepEqual([again.status, again.body.id], [409, "conflict"]);

  const output = await fetch(made.body.output_stream_url);
  const reader = output.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader?.read())?.value, "-----> Building\n");
  there.time.now += 42_000;
  gate.resolve();
  assert.equal((await reader?.read())?.value, "       Released v2\n");
  assert.equal((await reader?.read())?.done, true);

  const one = await there.api("GET", `/apps/shop/builds/${made.body.id}`);
  assert.equal(one.body.status, "succeeded");
  assert.equal(one.body.release.id, (await there.api("GET", "/apps/shop/releases")).body[1]?.id ?? one.body.release.id);
  const result = await there.api("GET", `/apps/shop/builds/${made.body.id}/result`);
  assert.deepEqual(
    [result.body.exit_code, result.body.lines.map(({ line }: { line: string }) => line)],
    [0, ["-----> Building\n", "       Released v2\n"]],
  );
  const { body: list } = await there.api("GET", "/apps/shop/builds");
  assert.deepEqual([list.length, list[0].id], [1, made.body.id]);
  const commit = deployed[0]?.split(" ")[1] ?? "";
  assert.deepEqual(deployed, [`shop ${commit} me@example.com`]);
  assert.deepEqual(there.ended, ["shop succeeded 42"]);
  assert.equal(await git(there.repository, ["cat-file", "-p", `${commit}:Procfile`]), "web: run\n");
  assert.deepEqual(there.problems, []);
});

test("a build that fails says so, and a push is a build too", async () => {
  await using there = await ground(async (_app, _commit, _user, say) => {
    say(" !     the build failed");
    throw new DeployFailed("build failed");
  });
  const { put_url, get_url } = await there.source();
  await send(put_url, await archive({ a: "1" }));
  const { body } = await there.api("POST", "/apps/shop/builds", { source_blob: { url: get_url } });
  await until("it has failed", async () => there.store.get(body.id)?.status === "failed");
  const push = { name: "shop", id: "shop-id", repository: there.repository };
  const said: string[] = [];
  await assert.rejects(there.builds.deploy(push, "1".repeat(40), "ann@example.com", (line) => said.push(line)));
  assert.deepEqual(said, [" !     the build failed"]);
  assert.deepEqual(there.ended, ["shop failed 0", "shop failed 0"]);
  const { body: list } = await there.api("GET", "/apps/shop/builds");
  assert.deepEqual(
    list.map((build: { status: string; user: { email: string } }) => [build.status, build.user.email]).sort(),
    [
      ["failed", "ann@example.com"],
      ["failed", "me@example.com"],
    ],
  );
  assert.equal((await there.api("GET", `/apps/blog/builds/${body.id}`)).status, 404, "it is another app's");
  assert.deepEqual(there.problems, []);
});

test("what cannot be built is refused in one line, and nothing is fetched", async () => {
  await using there = await ground(async () => undefined);
  const build = async (source_blob: unknown) => (await there.api("POST", "/apps/shop/builds", { source_blob })).body;
  const { put_url, get_url } = await there.source();
  assert.equal((await build({ url: get_url })).message, "Nothing was sent to the put_url of this source yet.");
  const { get_url: other } = (await there.api("POST", "/apps/blog/sources")).body.source_blob;
  for (const url of ["http://169.254.169.254/", "file:///etc/passwd", "x", put_url, `${get_url}x`, other]) {
    const { id, message } = await build({ url });
    assert.equal(id, "invalid_params", url);
    assert.match(message, /^source_blob\.url must be the get_url of one of this app's sources/, url);
  }
  assert.match((await build({})).message, /source_blob/);
  assert.equal((await send(put_url.replace(/.$/, "~"), Buffer.from("x"))).status, 403);
  assert.equal((await send(put_url, Buffer.alloc(LIMIT + 1))).status, 413);
  const chunked = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(50_000));
    },
  });
  const streamed = await fetch(put_url, { method: "PUT", body: chunked, duplex: "half" } as RequestInit).catch(
    () => undefined,
  );
  assert.ok(streamed === undefined || streamed.status === 413);
  await send(put_url, await archive({ "../evil": "x" }));
  const refused = await build({ url: get_url });
  assert.equal(refused.message, 'The source archive cannot be taken: "../evil" leads out of it.');
  there.time.now += 3_700_000;
  assert.match((await build({ url: get_url })).message, /not older than an hour/);
  assert.deepEqual(there.builds.list("shop-id"), []);
  assert.deepEqual(there.problems, []);
});

test("a dry run makes the commit and shows what would happen", async () => {
  await using there = await ground(async () => Promise.reject(new Error("it is not to be deployed")));
  const { put_url, get_url } = await there.source();
  await send(put_url, await archive({ a: "1" }));
  const { body } = await there.api("POST", "/apps/shop/builds?dry_run=1", { source_blob: { url: get_url } });
  assert.equal(body.dry_run, true);
  assert.match(body.description, /^Deploy [0-9a-f]{7}$/);
  assert.deepEqual(there.builds.list("shop-id"), []);
});

test("what a killed control plane had begun is ended by what the app is declared to run", async () => {
  await using there = await ground(async () => undefined);
  const begin = (revision: string) =>
    there.store.begin({ app: "shop-id", user: "me@example.com", revision, version: null });
  const [good, bad] = [await begin("1".repeat(40)), await begin("2".repeat(40))];
  const ended: string[] = [];
  const next = new Builds({
    store: there.store,
    sources: { create: () => Promise.reject(), find: () => Promise.reject() },
    directory: "/nowhere",
    deploy: async () => undefined,
    deployed: (app, result) => void ended.push(`${app} ${result}`),
    report: () => {},
  });
  next.recover([{ id: "shop-id", name: "shop", settings: { source: { commit: "1".repeat(40) } } }]);
  assert.deepEqual([next.get(good.id)?.status, next.get(bad.id)?.status], ["succeeded", "failed"]);
  assert.deepEqual(ended, ["shop succeeded", "shop failed"]);
});
