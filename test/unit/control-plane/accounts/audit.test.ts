import assert from "node:assert/strict";
import { test } from "node:test";
import { Audit } from "../../../../services/control-plane/accounts/audit.ts";
import { STEPS } from "../../../../services/control-plane/accounts/schema.ts";
import { migrate, openStore } from "../../../../services/control-plane/store.ts";
import { ground, PASSWORD } from "./ground.ts";

interface Shown {
  readonly id: number;
  readonly user: { readonly email: string } | null;
  readonly via: string | null;
  readonly method: string;
  readonly path: string;
  readonly app: string | null;
  readonly status: number;
  readonly from: string;
  readonly dry_run: boolean;
}

test("every act is in the audit log: who, from where, what and how it ended, and no secret", async () => {
  await using it = await ground();
  await it.ask("ada", "PATCH", "/apps/shop/config-vars", { KEY: "s3cret-value" });
  await it.ask("bob", "PATCH", "/apps/shop/config-vars?dry_run=1", { KEY: "s3cret-value" });
  await it.ask("ada", "GET", "/apps/shop/config-vars");
  await it.login("ada@example.com", "s3cret-wrong");
  await it.login("s3cret-typed-into-the-wrong-field", PASSWORD);
  await it.login("ada@example.com", PASSWORD);
  const { body: invited } = await it.ask("operator", "POST", "/invitations", { email: "eve@example.com" });
  await it.served.accounts.logins.accept(invited.url.split("/").at(-1), "s3cret-password", "192.0.2.1");
  const { body } = (await it.ask("operator", "GET", "/audit")) as { body: Shown[] };
  const told = body.map(({ user, via, method, path, app, status }) =>
    [user?.email.split("@")[0] ?? "?", via ?? "?", method, path, app ?? "", status].join(" "),
  );
  assert.deepEqual(told, [
    "eve session POST /invitation/:invitation  201",
    "me key POST /invitations  201",
    "ada session POST /oauth/authorizations  200",
    "? ? POST /oauth/authorizations  401",
    "ada session POST /oauth/authorizations  401",
    "bob token PATCH /apps/:app/config-vars shop 404",
    "ada token PATCH /apps/:app/config-vars shop 200",
  ]);
  assert.deepEqual(
    body.map(({ from }) => from),
    ["192.0.2.1", ...Array(6).fill("127.0.0.1")],
  );
  assert.equal(body.filter(({ dry_run }) => dry_run).length, 1);
  assert.ok(!JSON.stringify(body).includes("s3cret"));
});

test("admins read all of it in pages, an owner that of the app, others nothing", async () => {
  await using it = await ground();
  const { id } = (await it.ask("ada", "GET", "/apps/shop")).body;
  it.pass(-1);
  await it.ask("operator", "PATCH", "/apps/shop/config-vars", { A: "of an app of that name before" });
  it.pass(1);
  await it.ask("ada", "PATCH", "/apps/shop/config-vars", { A: "1" });
  await it.ask("ada", "PATCH", `/apps/${id}/config-vars`, { A: "2" });
  await it.ask("operator", "PATCH", "/apps/blog/config-vars", { A: "1" });
  await it.ask("bob", "PATCH", "/account", { name: "Bob" });
  const read = async (who: "operator" | "ada", path: string): Promise<Shown[]> => (await it.ask(who, "GET", path)).body;
  assert.equal((await read("ada", "/apps/shop/audit")).length, 2, "by its name and by its id");
  assert.equal((await it.ask("ada", "GET", "/audit")).status, 403);
  assert.equal((await it.ask("bob", "GET", "/apps/shop/audit")).status, 404);
  assert.equal((await it.ask("ada", "GET", "/apps/blog/audit")).status, 404);
  assert.deepEqual(
    (await read("operator", "/audit?user=bob@example.com")).map(({ path }) => path),
    ["/account"],
  );
  const [newest, second] = await read("operator", "/audit?max=2");
  const rest = await read("operator", `/audit?before=${second?.id}`);
  assert.deepEqual([newest?.path, rest.length], ["/account", 3]);
  for (const query of ["max=0", "max=1001", "before=x", "user=none@example.com"]) {
    assert.equal((await it.ask("operator", "GET", `/audit?${query}`)).status, 422, query);
  }
});

test("the log keeps the newest entries, and drops older ones now and then", () => {
  const db = openStore(":memory:");
  migrate(db, "accounts", STEPS);
  const log = new Audit(db, () => 0, 1500);
  for (let count = 0; count < 3500; count++) log.write({ method: "POST", route: "/x", status: 200 });
  const all = log.read({ max: 10_000 });
  assert.deepEqual([all[0]?.id, all.at(-1)?.id], [3500, 1501]);
});
