import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, test } from "node:test";
import Docker from "dockerode";
import { createProvider } from "../../../engine/providers/docker/index.ts";
import { Secret, Unknown } from "../../../engine/src/values/values.ts";
import { TEST_IMAGE, testImage } from "../../support/docker-image.ts";
import { recorded } from "../../support/docker-states.ts";
import { drive } from "../../support/provider-driver.ts";

const IMAGE = "docker:index/image:Image";
const prefix = `dkp-${randomBytes(3).toString("hex")}`;
const imageName = `${prefix}:dev`;
/** On every image that is built here, the ones without a name among them. */
const LABEL = `LABEL test=${prefix}`;
const docker = new Docker();
let folder = "";
let context = "";

before(async () => {
  await testImage();
  folder = await mkdtemp(join(tmpdir(), "image-"));
  context = relative(process.cwd(), join(folder, "ctx"));
  await mkdir(join(context, "sub"), { recursive: true });
  await writeFile(join(context, "sub/data.txt"), "one\n");
  await writeFile(join(context, "secret.txt"), "not for the image\n");
  await writeFile(join(context, ".dockerignore"), "secret*\n");
  await symlink("sub/data.txt", join(context, "link"));
  const steps = [
    "ARG BASE",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a Dockerfile's own.
    "FROM ${BASE} AS first",
    LABEL,
    "COPY . /ctx",
    "RUN echo step-output; ls /ctx; test ! -e /ctx/secret.txt && cat /ctx/link",
    "LABEL stage=first",
    "FROM first",
    "LABEL stage=second",
  ];
  await writeFile(join(context, "Dockerfile"), `${steps.join("\n")}\n`);
});

after(async () => {
  await rm(folder, { recursive: true, force: true });
  // Layers of the first builder are images that stand on each other: round by round, those nothing stands on.
  const mine = () => docker.listImages({ all: true, filters: { label: [`test=${prefix}`] } });
  for (let left = await mine(), before = -1; left.length > 0 && left.length !== before; ) {
    before = left.length;
    await Promise.allSettled(left.map(({ Id }) => docker.getImage(Id).remove({ force: true })));
    left = await mine();
  }
  assert.deepEqual(await mine(), []);
});

for (const builderVersion of ["BuilderBuildKit", "BuilderV1"]) {
  test(`${builderVersion}: builds, changes with the context, has the recorded state`, async () => {
    const driver = drive(createProvider());
    const build = { context, platform: "linux/amd64", builderVersion, args: { BASE: TEST_IMAGE } };
    const program = { imageName, build, skipPush: true };
    const planned = await driver.create(IMAGE, "img", program, { preview: true });
    assert.ok(planned.outputs.repoDigest instanceof Unknown);

    const made = await driver.create(IMAGE, "img", program);
    assert.equal(made.id, imageName);
    assert.ok(
      driver.lines.some((line) => line.includes("step-output")),
      driver.lines.join("\n"),
    );
    const found = await docker.getImage(imageName).inspect();
    assert.equal(made.outputs.repoDigest, found.Id);
    assert.equal(found.Config.Labels.stage, "second");

    const { __inputs: inputs, ...outputs } = made.outputs;
    const { __inputs: _recordedInputs, ...expected } = recorded.image.outputs;
    assert.ok(inputs instanceof Secret);
    assert.deepEqual(inputs.value, made.inputs);
    const { baseImageName, imageName: name, repoDigest } = outputs;
    assert.deepEqual({ ...outputs, context: "ctx" }, { ...expected, baseImageName, imageName: name, repoDigest });
    assert.deepEqual(Object.keys(made.inputs).sort(), Object.keys(recorded.image.inputs).sort());

    assert.equal((await driver.diff(made, program)).changes, false);
    await writeFile(join(context, "secret.txt"), randomBytes(4).toString("hex"));
    assert.equal((await driver.diff(made, program)).changes, false, "an ignored file does not count");
    await writeFile(join(context, "sub/data.txt"), `${builderVersion}\n`);
    const changed = await driver.diff(made, program);
    assert.deepEqual(Object.keys(changed.detailedDiff ?? {}), ["build.contextDigest"]);
    assert.deepEqual(changed.replaces, []);
    const first = { ...program, build: { ...build, target: "first" } };
    const updated = await driver.update(made, first);
    assert.notEqual(updated.outputs.repoDigest, made.outputs.repoDigest);
    assert.equal((await docker.getImage(imageName).inspect()).Config.Labels.stage, "first");

    await driver.remove(updated);
    assert.ok(await driver.refresh(updated), "the image stays when its resource goes");
    assert.equal(await driver.recover(IMAGE, "img", program), undefined);
  });
}

test("the host's proxy reaches the build and nothing else", async () => {
  const { HTTP_PROXY: before } = process.env;
  process.env.HTTP_PROXY = "http://127.0.0.1:9";
  try {
    const driver = drive(createProvider());
    const nonce = randomBytes(4).toString("hex");
    await writeFile(join(context, "Proxy"), `FROM ${TEST_IMAGE}\n${LABEL}\nRUN echo ${nonce} via $HTTP_PROXY\n`);
    const build = { context, dockerfile: `${context}/Proxy`, platform: "linux/amd64" };
    const made = await driver.create(IMAGE, "proxy", { imageName, build, skipPush: true });
    assert.ok(driver.lines.includes(`${nonce} via http://127.0.0.1:9`), driver.lines.join("\n"));
    assert.doesNotMatch(JSON.stringify(made), /127\.0\.0\.1:9/);
    const { Config } = await docker.getImage(imageName).inspect();
    assert.doesNotMatch(JSON.stringify(Config.Env), /proxy/i);
  } finally {
    if (before === undefined) delete process.env.HTTP_PROXY;
    else process.env.HTTP_PROXY = before;
  }
});

test("a failing build says what failed, in one line", async () => {
  const driver = drive(createProvider());
  await writeFile(join(context, "Bad"), `FROM ${TEST_IMAGE}\n${LABEL}\nRUN echo reason-of-failure; sh -c "exit 3"\n`);
  for (const builderVersion of ["BuilderBuildKit", "BuilderV1"]) {
    const build = { context, dockerfile: `${context}/Bad`, platform: "linux/amd64", builderVersion };
    await assert.rejects(driver.create(IMAGE, "bad", { imageName, build, skipPush: true }), (error: Error) => {
      assert.match(error.message, /exit code: 3|returned a non-zero code: 3/);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
    assert.ok(driver.lines.includes("reason-of-failure"));
  }
});

test("a build that is cancelled fails at once", async () => {
  const provider = createProvider();
  const cancel = new AbortController();
  await writeFile(join(context, "Slow"), `FROM ${TEST_IMAGE}\n${LABEL}\nRUN echo it-runs; sleep 300\n`);
  const call = {
    urn: "urn:pulumi:test::test::docker:index/image:Image::slow",
    type: IMAGE,
    name: "slow",
    signal: cancel.signal,
    log: (_severity: string, line: string) => line === "it-runs" && cancel.abort(),
  };
  const build = { context, dockerfile: `${context}/Slow`, platform: "linux/amd64" };
  const news = { imageName, build, skipPush: true };
  const { inputs } = await provider.check({ ...call, news, olds: undefined, randomSeed: randomBytes(32) });
  await assert.rejects(provider.create({ ...call, inputs, timeout: 0, preview: false }));
});

test("what it cannot do, it says before anything is built", async () => {
  const driver = drive(createProvider());
  const check = (program: Record<string, never> | object) =>
    driver.check(IMAGE, "img", { imageName, skipPush: true, ...program });
  await assert.rejects(check({ skipPush: false }), /skipPush: .* set skipPush to true/);
  await assert.rejects(
    check({ build: { context: `${context}/none` } }),
    /build: there is no folder ".*none" \(context\)/,
  );
  await assert.rejects(
    check({ build: { context, dockerfile: "Dockerfile" } }),
    /set dockerfile to ".*ctx\/Dockerfile"/,
  );
  await assert.rejects(
    check({ build: { context, cacheFrom: { images: ["a"] } } }),
    /build\.cacheFrom: .* does not support/,
  );
  await assert.rejects(check({ registry: { server: "x" } }), /registry: .* does not support/);
});
