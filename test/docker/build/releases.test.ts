import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { stripAll } from "../../../engine/src/values/secrets.ts";
import type { PropertyMap } from "../../../engine/src/values/values.ts";
import type { Configs, LedgerEntry } from "../../../model/app/ledger.ts";
import { createProvider } from "../../../provider/index.ts";
import { checkOut } from "../../../sources/git/checkout.ts";
import { repositoryPath } from "../../../sources/git/repository.ts";
import { readSource } from "../../../sources/index.ts";
import { type Driven, drive } from "../../support/provider-driver.ts";
import { buildGround } from "./ground.ts";
import { writeSource } from "./sources.ts";

const ground = await buildGround();
after(() => ground[Symbol.asyncDispose]());
const { docker, directory, name: platform, runtime } = ground;
const repository = repositoryPath(runtime, "shop");
const source = await writeSource(join(directory, "shop"), { "requirements.txt": "" });

const driven = drive(createProvider());
let state: Driven | undefined;

/** Builds a version of the code, and releases it as the engine does after everything runs. */
async function release(version: string, config: Record<string, string> = {}): Promise<PropertyMap> {
  await writeFile(join(source, "run.py"), version);
  const { image } = await ground.build("shop", source);
  const { digest, snapshot: commit } = readSource(source);
  const inputs = {
    platform,
    directory: runtime,
    app: "shop",
    appId: "shop",
    keep: 2,
    slug: `slug-${version}`,
    digest,
    commit,
    image,
    processes: { web: "run" },
    configHash: `hash-${JSON.stringify(config)}`,
    config,
    addons: {},
  };
  state = state
    ? await driven.update(state, inputs)
    : await driven.create("dyno:index:Release", "shop-release", inputs);
  return stripAll(state.outputs);
}

const ledger = (outputs: PropertyMap) => outputs.ledger as unknown as LedgerEntry[];
const refs = () =>
  execFileSync("git", ["--git-dir", repository, "for-each-ref", "--format=%(refname) %(objectname)"], {
    encoding: "utf8",
  })
    .trim()
    .split("\n");
const codeImages = async () => (await ground.images()).filter((tag) => tag.includes("/app-shop:")).length;

test("images and commits of the last releases are kept, and no others", async () => {
  process.env.DYNOFORM_USER = "me@example.com";
  const one = await release("one", { A: "1" });
  assert.equal(one.version, 1);
  const [first] = ledger(one);
  assert.equal(first?.description, `Deploy ${first?.commit.slice(0, 8)}`);
  assert.equal(first?.user, "me@example.com");
  assert.deepEqual(refs(), [`refs/releases/v1 ${first?.commit}`]);

  await using inUse = await container(first?.image ?? "");
  process.env.DYNOFORM_DESCRIPTION = "Deployed by hand";
  const two = await release("one", { A: "2" });
  delete process.env.DYNOFORM_DESCRIPTION;
  delete process.env.DYNOFORM_USER;
  assert.equal(ledger(two)[1]?.description, "Deployed by hand");
  assert.equal(await codeImages(), 1);

  await release("two", { A: "2" });
  const four = await release("three", { A: "2" });
  assert.deepEqual(
    ledger(four).map(({ version }) => version),
    [3, 4],
  );
  assert.deepEqual(four.configs as unknown as Configs, { 'hash-{"A":"2"}': { A: "2" } });
  assert.deepEqual(
    refs(),
    ledger(four).map(({ version, commit }) => `refs/releases/v${version} ${commit}`),
  );
  // Of v1 and v2 only a container holds on to the image.
  assert.equal(await codeImages(), 3);
  await inUse.remove();
  await release("three", { A: "3" });
  assert.deepEqual((await ground.images()).map((tag) => tag.replace(/:.*/, "")).sort(), [
    `${platform}/app-shop`,
    `${platform}/deps-shop`,
  ]);
});

test("an image that is gone is built again of the release's commit", async () => {
  const outputs = stripAll(state?.outputs ?? {});
  const [before] = ledger(outputs);
  assert.ok(before);
  for (const tag of await ground.images()) await docker.getImage(tag).remove();
  await rm(source, { recursive: true });
  const folder = checkOut(runtime, "shop", repository, before.commit);
  assert.equal(readSource(folder).digest, before.digest);
  const { image, id } = await ground.build("shop", folder);
  assert.match(image, /^sha256:/);
  assert.ok((await ground.images()).includes(id));
  await writeSource(source, { "requirements.txt": "", "run.py": "three" });
});

test("another image of the same is no release", async () => {
  const before = stripAll(state?.outputs ?? {});
  const after = await release("three", { A: "3" });
  assert.equal(after.version, before.version);
  const [old, current] = [ledger(before).at(-1), ledger(after).at(-1)];
  assert.notEqual(current?.image, old?.image);
  assert.deepEqual({ ...current, image: "" }, { ...old, image: "" });
});

test("without git an app is built and released, and only the way back is missing", async () => {
  const path = process.env.PATH;
  process.env.PATH = directory;
  try {
    ground.lines.length = 0;
    assert.ok(spawnSync("git").error, "git is out of reach");
    const outputs = await release("four");
    assert.equal(ledger(outputs).at(-1)?.commit, "");
    const warning =
      "the source of shop is not kept, so there is no rolling back to it later: git is not on this machine";
    assert.ok(ground.lines.includes(warning), ground.lines.join("\n"));
  } finally {
    process.env.PATH = path;
  }
});

test("a deleted release lets go of its commits", async () => {
  assert.ok(state);
  await driven.remove(state);
  assert.deepEqual(refs(), [""]);
  // Where nothing ever was there is nothing to remove.
  await rename(repository, `${repository}.away`);
  await driven.remove(state);
});

async function container(image: string) {
  const made = await docker.createContainer({
    Image: image,
    Cmd: ["sleep", "600"],
    Labels: { "dynoform.platform": platform },
  });
  await made.start();
  const remove = () => made.remove({ force: true }).catch(() => {});
  return { remove, [Symbol.asyncDispose]: remove };
}
