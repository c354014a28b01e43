import assert from "node:assert/strict";
import { test } from "node:test";
import { broken } from "../apps/ground.ts";
import { pipelineGround } from "./ground.ts";

const act = { user: "ada@example.com", description: "as a test wishes" };
const by = { baseUrl: "https://github.com", credential: { token: "t" } };

test("a pipeline is a stack, whose file says its apps by stage", async () => {
  await using there = await pipelineGround();
  const { pipelines, runs, told, textOf } = there;
  const flask = await pipelines.create("flask", act, "account-1");
  assert.deepEqual([flask.name, flask.stack, flask.github], ["flask", "flask.pipeline", undefined]);
  assert.match(flask.id, /^flask-[a-z]{8}$/);
  await pipelines.couple(flask, "flask-staging", "staging", act);
  const { pipeline } = await pipelines.couple(flask, "flask-web", "staging", act);
  assert.deepEqual(pipeline.stages, { development: [], staging: ["flask-staging", "flask-web"], production: [] });
  await pipelines.couple(flask, "flask-web", "production", act);
  assert.deepEqual((await pipelines.of("flask-web"))?.stage, "production");
  assert.match(
    (await textOf("flask.pipeline")) ?? "",
    /stages:\n +staging: \[ flask-staging \]\n +production: \[ flask-web \]/,
  );
  const before = runs.begun.length;
  await pipelines.couple(flask, "flask-web", "production", act);
  assert.equal(runs.begun.length, before, "what is so already takes no run");
  await pipelines.uncouple({ pipeline, app: "flask-web", stage: "production" }, act);
  assert.equal(await pipelines.of("flask-web"), undefined);
  assert.deepEqual(told.slice(0, 2), ["making flask for account-1", "pipeline-create flask.pipeline"]);

  const [same] = await pipelines.list();
  const renamed = await pipelines.rename(flask, "django", act);
  assert.deepEqual([renamed.name, renamed.stack, renamed.id], ["django", "flask.pipeline", same?.id]);
  const another = await pipelines.create("flask", act, "account-1");
  assert.deepEqual([another.stack, another.name], ["flask-2.pipeline", "flask"]);
  await pipelines.destroy(renamed, act);
  assert.deepEqual(
    (await pipelines.list()).map(({ name }) => name),
    ["flask"],
  );
  assert.equal(told.at(-1), "django is gone");
});

test("an app is in one pipeline, names are taken once, and each mistake has one line", async () => {
  await using there = await pipelineGround();
  const { pipelines } = there;
  const [one, two] = [await pipelines.create("one", act, "a"), await pipelines.create("two", act, "a")];
  await pipelines.couple(one, "shop", "staging", act);
  await assert.rejects(
    pipelines.couple(two, "shop", "staging", act),
    /shop is in the pipeline one already. Remove it there/,
  );
  await assert.rejects(pipelines.create("one", act, "a"), /Name one is already taken/);
  for (const wrong of ["x", "Big", "a".repeat(31), "-a", "a-", "a.b"]) {
    await assert.rejects(pipelines.create(wrong, act, "a"), /Name must have 2 to 30/, wrong);
  }
  await assert.rejects(pipelines.rename(two, "one", act), /already taken/);
  await assert.rejects(pipelines.disconnect(one, act), /one is not connected to a repository/);
  await assert.rejects(pipelines.setConfig(one, "review", { PORT: "1" }, act), /PORT is set by the platform/);
});

test("a change that fails leaves the pipeline as it was", async () => {
  const ends: Error[] = [];
  await using there = await pipelineGround(ends);
  const { pipelines, textOf } = there;
  const flask = await pipelines.create("flask", act, "a");
  const before = await textOf("flask.pipeline");
  ends.push(broken);
  await assert.rejects(pipelines.couple(flask, "shop", "staging", act), /a dyno crashed/);
  assert.equal(await textOf("flask.pipeline"), before);
});

test("review and test config vars stand encrypted in the file, each apart", async () => {
  await using there = await pipelineGround();
  const { pipelines, textOf, runs } = there;
  const flask = await pipelines.create("flask", act, "a");
  assert.deepEqual(await pipelines.config(flask, "review"), {});
  assert.deepEqual(await pipelines.setConfig(flask, "review", { A: "s3cret", B: "2" }, act), { A: "s3cret", B: "2" });
  assert.deepEqual(await pipelines.setConfig(flask, "test", { CI: "yes" }, act), { CI: "yes" });
  const text = (await textOf("flask.pipeline")) ?? "";
  assert.ok(
    !text.includes("s3cret") && text.includes("dynoform:review-config") && text.includes("dynoform:test-config"),
  );
  assert.deepEqual(await pipelines.setConfig(flask, "review", { A: null, B: "2" }, act), { B: "2" });
  const before = runs.begun.length;
  await pipelines.setConfig(flask, "review", { B: "2", NOBODY: null }, act);
  assert.equal(runs.begun.length, before, "what changes nothing takes no run");
  await pipelines.setConfig(flask, "review", { B: null }, act);
  assert.ok(!(await textOf("flask.pipeline"))?.includes("review-config"));
});

test("a repository is taken by a pipeline and given back, and apps that are gone leave their stages", async () => {
  await using there = await pipelineGround();
  const { pipelines, links } = there;
  const flask = await pipelines.create("flask", act, "a");
  assert.equal((await pipelines.connect(flask, "octo/hello", by, act)).stack, "hello.github");
  const [connected] = await pipelines.list();
  assert.equal(connected?.github, "hello.github");
  assert.equal((await pipelines.link(connected ?? flask))?.repository, "octo/hello");
  await assert.rejects(pipelines.connect(flask, "octo/other", by, act), /connected to another repository already/);
  links.delete("other.github");
  await pipelines.couple(flask, "here", "staging", act);
  await pipelines.couple(flask, "gone", "production", act);
  await pipelines.removeGone(new Set(["here"]), "admin@localhost");
  const [left] = await pipelines.list();
  assert.deepEqual([left?.stages.staging, left?.stages.production], [["here"], []]);
  await pipelines.destroy(left ?? flask, act);
  assert.equal(links.size, 0, "a link that nothing takes goes too");
});
