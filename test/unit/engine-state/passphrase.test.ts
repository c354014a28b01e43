import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PassphraseManager } from "../../../engine/src/state/passphrase.ts";

// What the real CLI wrote for the passphrase "test".
const salt = "v1:vNBaqZ7STLA=:v1:MovMhNfs77PPyuhF:/v/nsIglmshZA5ikuo1TWOuJPfY6Jw==";
const config = "v1:dNgf//KR89sE/rGN:xok475kOAMech8PATvRqHwWlbAPwHQo=";
const output = "v1:khlEwVtaf8DMQw9q:onGQ8pvDo2upk8LTL9y9I6VpMKRPwQtL";

test("what the real CLI encrypted is decrypted, with one derivation of the key", async () => {
  let asked = 0;
  const manager = new PassphraseManager(salt, async () => {
    asked++;
    return "test";
  });
  assert.equal(asked, 0, "nothing is derived before it is needed");
  const crypter = await manager.crypter();
  assert.equal(crypter.decrypt(config), "hunter2");
  assert.equal(crypter.decrypt(output), '"s3cr3t"');
  assert.equal(await manager.crypter(), crypter);
  assert.equal(asked, 1);
});

test("another passphrase is refused", async () => {
  const manager = new PassphraseManager(salt, async () => "tset");
  await assert.rejects(manager.crypter(), /^Error: incorrect passphrase$/);
});

test("a folder keeps the keys that were derived, each for its own passphrase", async () => {
  const folder = await mkdtemp(join(tmpdir(), "dynoform-keys-"));
  process.env.PULUMI_KEY_CACHE = folder;
  try {
    const open = (passphrase: string) => new PassphraseManager(salt, async () => passphrase).crypter();
    await open("test");
    const [file = ""] = await readdir(folder);
    assert.equal((await stat(join(folder, file))).mode & 0o777, 0o600);
    assert.equal((await open("test")).decrypt(config), "hunter2");
    assert.deepEqual(await readdir(folder), [file]);
    await assert.rejects(open("tset"), /^Error: incorrect passphrase$/);

    await writeFile(join(folder, file), Buffer.alloc(32).toString("base64"));
    await assert.rejects(open("test"), /incorrect/, "it is read from there");
  } finally {
    delete process.env.PULUMI_KEY_CACHE;
    await rm(folder, { recursive: true });
  }
});

test("a new stack's salt opens with its passphrase, and ciphertexts differ for equal texts", async () => {
  const made = await PassphraseManager.create(async () => "");
  const crypter = await new PassphraseManager(made.state, async () => "").crypter();
  const [one, other] = [crypter.encrypt("ünïcode"), crypter.encrypt("ünïcode")];
  assert.notEqual(one, other);
  assert.equal(crypter.decrypt(one), "ünïcode");
  const [version, nonce = "", data = ""] = one.split(":");
  assert.equal(version, "v1");
  assert.equal(Buffer.from(nonce, "base64").length, 12);
  const changed = Buffer.from(data, "base64");
  changed.writeUInt8(changed.readUInt8(0) ^ 1, 0);
  assert.throws(() => crypter.decrypt(`v1:${nonce}:${changed.toString("base64")}`));
  assert.throws(() => crypter.decrypt("v1:abc"), /malformed/);
});
