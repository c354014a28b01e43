import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../../../lib/errors.ts";
import { seal, unseal } from "../../../../services/control-plane/github/connections/seal.ts";
import { ConnectionStore } from "../../../../services/control-plane/github/connections/store.ts";
import { openStore } from "../../../../services/control-plane/store.ts";
import { memoryAccounts } from "../api/accounts.ts";
import { FakeGitHub, memoryKey } from "./fakes.ts";

test("what is sealed is opened with the same key for the same owner, and never when a bit is another", () => {
  const key = randomBytes(32);
  const sealed = seal(key, "ann", "s3cret");
  assert.equal(unseal(key, "ann", sealed), "s3cret");
  assert.notDeepEqual(seal(key, "ann", "s3cret"), sealed, "no two are alike");
  assert.equal(unseal(randomBytes(32), "ann", sealed), undefined);
  assert.equal(unseal(key, "bob", sealed), undefined);
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(unseal(key, "ann", changed), undefined, `byte ${at}`);
    assert.equal(unseal(key, "ann", sealed.subarray(0, at)), undefined, `${at} bytes`);
  }
});

test("no credential stands in the store's file in clear, and another key opens none", async () => {
  const folder = await mkdtemp(join(tmpdir(), "connections-"));
  try {
    const file = join(folder, "store.sqlite");
    const db = openStore(file);
    const { users } = memoryAccounts("/nowhere", { db });
    const { id } = users.first();
    const store = new ConnectionStore(db, memoryKey(), () => 7);
    const shown = {
      forge: "github",
      baseUrl: "https://github.com",
      way: "token",
      login: "octocat",
      page: undefined,
    } as const;
    await store.put(id, shown, { token: "github_pat_s3cret" });
    assert.deepEqual(store.get(id), { ...shown, connectedAt: 7 });
    assert.deepEqual(await store.credential(id), { token: "github_pat_s3cret" });
    assert.equal(await new ConnectionStore(db, memoryKey("other"), () => 7).credential(id), undefined);
    await store.put(id, { ...shown, login: "hubot" }, { token: "github_pat_another" });
    assert.equal(store.get(id)?.login, "hubot", "one each");
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    const bytes = await readFile(file);
    for (const secret of ["s3cret", "another"]) assert.ok(!bytes.includes(secret));
    const bob = users.create({ email: "bob@example.com", role: "member", password: undefined });
    await store.put(bob.id, shown, { token: "github_pat_s3cret" });
    users.remove(bob.id);
    assert.equal(store.get(bob.id), undefined, "it goes with the account");
    db.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a connection whose key is lost is said to be, and can be made again", async () => {
  const db = openStore(":memory:");
  const { id } = memoryAccounts("/nowhere", { db }).users.first();
  const github = new FakeGitHub(db);
  await github.port().connections.byToken(id, "github_pat_octocat");
  const { connections } = github.port({ key: memoryKey("other") });
  await assert.rejects(connections.of(id), (error: unknown) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /^The platform's key has changed .* Connect it again\.$/);
    return true;
  });
  await connections.byToken(id, "github_pat_octocat");
  assert.equal((await connections.of(id))?.login, "octocat");
});
