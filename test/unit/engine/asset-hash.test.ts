import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { hashAssets } from "../../../engine/src/values/asset-hash.ts";
import { Archive, Asset, type PropertyValue, Secret } from "../../../engine/src/values/values.ts";

const folder = await mkdtemp(join(tmpdir(), "assets-"));
after(() => rm(folder, { recursive: true }));

async function hashOf(value: PropertyValue): Promise<string> {
  const { it } = await hashAssets({ it: value }, folder);
  assert.ok(it instanceof Asset || it instanceof Archive);
  return it.hash;
}

const hello = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";

test("a text, a file and a file's URI of one content have one hash, inside of lists and secrets too", async () => {
  await writeFile(join(folder, "hello.txt"), "hello world");
  assert.equal(await hashOf(new Asset({ text: "hello world" })), hello);
  assert.equal(await hashOf(new Asset({ path: "hello.txt" })), hello);
  assert.equal(await hashOf(new Asset({ uri: pathToFileURL(join(folder, "hello.txt")).href })), hello);
  const { it } = await hashAssets({ it: [new Secret({ deep: new Asset({ path: "hello.txt" }) })] }, folder);
  assert.deepEqual(it, [new Secret({ deep: new Asset({ path: "hello.txt" }, hello) })]);
});

test("archives have the hashes that Pulumi gives them", async () => {
  // Both are constants of Pulumi's own sources and tests.
  assert.equal(
    await hashOf(new Archive({ assets: {} })),
    "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
  );
  assert.equal(
    await hashOf(new Archive({ assets: { "file.txt": new Asset({ text: "hello world" }) } })),
    "f19bab27a7f9d59cff97df356effce0047fefb13c8265e04d0874c0f09df4a16",
  );
});

test("names that are long or no ASCII are written as Go's archive/tar writes them", async () => {
  const hashes = {
    [`${"d".repeat(60)}/${"f".repeat(60)}`]: "399cbfa3610e611412c2c4b3ff853bc3ea86872295c0cc461820299bbd08bfdc",
    ["x".repeat(120)]: "19bbeaba2b03662ffb71b99be55881b0eb7ea8fb23402dd485c7417846d4b51c",
    "grün/ö.txt": "0a49149b15d0faf66d1401f5ffa62839dead054f6f696c85e2267da76da0d98d",
    [`${"ü".repeat(80)}/${"é".repeat(40)}`]: "e1bafd7ffa3979b27d2ead4b50522dc7d1e0fa33f514cd54916567c62177a687",
    [`${"e".repeat(200)}/${"f".repeat(101)}`]: "5a1400eb5a63aa3acaf17c4754173bc6932b53725081956b972200b482acd1ef",
  };
  for (const [name, hash] of Object.entries(hashes)) {
    assert.equal(await hashOf(new Archive({ assets: { [name]: new Asset({ text: "abc" }) } })), hash, name);
  }
});

test("a folder is its files, whatever they were made like; a tar or zip is its bytes", async () => {
  await mkdir(join(folder, "site", "a"), { recursive: true });
  await writeFile(join(folder, "site", "a", "b.txt"), "b");
  await writeFile(join(folder, "site", "a-b.txt"), "ab");
  await symlink("a", join(folder, "site", "link"));
  await mkdir(join(folder, "site", ".pulumi"));
  await writeFile(join(folder, "site", ".pulumi", "own"), "");
  const assets = { "a/b.txt": new Asset({ text: "b" }), "a-b.txt": new Asset({ text: "ab" }) };
  const site = await hashOf(new Archive({ path: "site" }));
  const nested = new Archive({ assets: { a: new Archive({ path: "site/a" }), "a-b.txt": new Asset({ text: "ab" }) } });
  assert.equal(await hashOf(nested), site);
  assert.notEqual(await hashOf(new Archive({ assets })), site, "the order of a map is that of whole names");
  await writeFile(join(folder, "site.zip"), "hello world");
  assert.equal(await hashOf(new Archive({ path: "site.zip" })), hello);
  await writeFile(join(folder, "site", "a", "b.txt"), "c");
  assert.notEqual(await hashOf(new Archive({ path: "site" })), site);
});

test("what cannot be read is told", async () => {
  await assert.rejects(hashOf(new Asset({ path: "nothing" })), /cannot read the asset nothing: ENOENT/);
  await assert.rejects(hashOf(new Archive({ path: "nothing" })), /cannot read the archive nothing: ENOENT/);
  await writeFile(join(folder, "file"), "");
  await assert.rejects(hashOf(new Archive({ path: "file" })), /neither a folder nor a tar or zip file/);
});
