import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../../lib/errors.ts";
import {
  Connections,
  type ConnectionsOptions,
} from "../../../../services/control-plane/github/connections/connections.ts";
import { openStore } from "../../../../services/control-plane/store.ts";
import { type GitHub, startGitHub } from "../../../support/github/github.ts";
import { until } from "../../../support/until.ts";
import { memoryAccounts } from "../api/accounts.ts";
import { FakeGitHub, memoryKey } from "./fakes.ts";

const SITE = "http://dashboard.localhost:8080";
const CLIENT = "Iv1.0123456789abcdef";

/** Connections of two users to a GitHub, and the credentials that are kept. */
async function start(over: Partial<ConnectionsOptions> = {}) {
  const github = await startGitHub();
  github.state.deviceClients.add(CLIENT);
  const db = openStore(":memory:");
  const { users } = memoryAccounts("/nowhere", { db });
  const ann = users.first().id;
  const bob = users.create({ email: "bob@example.com", role: "member", password: undefined }).id;
  const fake = new FakeGitHub(db);
  const waits: number[] = [];
  const options: ConnectionsOptions = {
    db,
    key: memoryKey(),
    platform: "a-platform-with-a-very-long-name",
    baseUrl: github.url,
    clientId: CLIENT,
    // What is known of a token at GitHub is the adapter's matter.
    open: (by) => ({
      ...fake.port().open(by),
      login: async () =>
        "token" in by.credential ? loginOf(github, by.credential.token) : `on ${by.credential.app.installation}`,
    }),
    clock: Date.now,
    async wait(milliseconds, signal) {
      waits.push(milliseconds);
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    },
    ...over,
  };
  const connections = new Connections(options);
  return {
    github,
    connections,
    options,
    waits,
    ann,
    bob,
    async [Symbol.asyncDispose]() {
      connections[Symbol.dispose]();
      await github[Symbol.asyncDispose]();
      db.close();
    },
  };
}

function loginOf({ state }: GitHub, token: string): string {
  const found = state.tokens.get(token);
  if (found === undefined) throw new UserError("the token was revoked");
  return found.user.login;
}

function refused(pattern: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, pattern);
    return true;
  };
}

/** As a browser does that takes the order to GitHub. @returns the code that comes back, and the state */
function makeApp({ state, user }: GitHub, { action, manifest }: Awaited<ReturnType<Connections["order"]>>) {
  const code = `code${state.next()}`;
  state.manifests.set(code, { manifest: { ...manifest }, owner: user("octocat") });
  return { code, state: new URL(action).searchParams.get("state") ?? "" };
}

test("an App is made by its manifest and installed, and its key is kept", async () => {
  await using at = await start();
  const { connections, github, ann } = at;
  const order = await connections.order(ann, SITE, "/apps/shop/deploy");
  assert.match(order.action, new RegExp(`^${github.url}/settings/apps/new\\?state=`));
  assert.match(order.manifest.name, /^Dynoform a-platform-with-a [0-9a-f]{6}$/);
  assert.ok(order.manifest.name.length <= 34);
  const { code, state } = makeApp(github, order);
  const install = new URL(await connections.made(ann, code, state));
  const [app] = github.state.apps;
  assert.ok(
    app !== undefined && install.href.startsWith(`${github.url}/`) && install.pathname.endsWith("/installations/new"),
  );
  assert.equal(connections.shown(ann)?.login, undefined, "it is installed on nothing yet");
  assert.equal(await connections.of(ann), undefined);

  const back = await connections.installed(ann, "77", install.searchParams.get("state") ?? undefined);
  assert.equal(back, "/apps/shop/deploy");
  const made = await connections.of(ann);
  assert.ok(made !== undefined && "app" in made.credential);
  assert.deepEqual(
    [made.login, made.credential.app.id, made.credential.app.installation],
    ["on 77", String(app.id), "77"],
  );
  assert.match(made.credential.app.pem, /^-----BEGIN (RSA )?PRIVATE KEY-----/);
  assert.equal(await connections.installed(ann, "78", undefined), undefined, "a state may be missing");
  assert.equal((await connections.of(ann))?.login, "on 78");
});

test("what comes back is taken once, in time, for whoever began it", async () => {
  let now = Date.UTC(2026, 0, 1);
  await using at = await start({ clock: () => now });
  const { connections, github, ann, bob } = at;
  const begin = async () => makeApp(github, await connections.order(ann, SITE, ""));
  const first = await begin();
  const notBegun = refused(/something that you did not begin here, or long ago/);
  await assert.rejects(connections.made(bob, first.code, first.state), notBegun);
  await assert.rejects(connections.made(ann, first.code, `${first.state}x`), notBegun);
  await assert.rejects(connections.made(ann, first.code, ""), notBegun);
  await connections.made(ann, first.code, first.state);
  await assert.rejects(
    connections.made(ann, first.code, first.state),
    refused(/does not take the code of the App any more/),
  );
  const late = await begin();
  now += 3_600_001;
  await assert.rejects(connections.made(ann, late.code, late.state), notBegun);
  await assert.rejects(connections.installed(bob, "77", undefined), refused(/No GitHub App of yours/));
  await assert.rejects(
    connections.installed(ann, "1 or 2", undefined),
    refused(/did not say what the App was installed on/),
  );
});

test("a code is shown, and asked about as slowly as GitHub wants until it is typed", async () => {
  await using at = await start();
  const { connections, github, ann, bob, waits } = at;
  const flow = await connections.beginCode(ann);
  const [device] = github.state.devices;
  assert.ok(device !== undefined);
  assert.equal(flow.code, device.userCode);
  assert.ok(flow.expiresAt > Date.now() + 800_000);
  assert.equal(connections.code(bob, flow.id), undefined, "it is nobody else's");
  await until("three questions", async () => waits.length >= 3);
  const [first = 0, ...later] = waits;
  assert.equal(first, 5000);
  assert.ok(
    later.every((each, index) => each >= (waits[index] ?? 0)),
    "never faster",
  );
  device.interval = 0;
  device.verdict = github.user("octocat");
  await until("the end of the code", async () => connections.code(ann, flow.id)?.end !== undefined);
  assert.deepEqual(connections.code(ann, flow.id)?.end, { result: "connected", login: "octocat" });
  assert.equal(connections.shown(ann)?.way, "device");
});

test("a code that is refused, or not typed in time, ends in a line", async () => {
  let now = Date.now();
  await using at = await start({ clock: () => now });
  const { connections, github, ann } = at;
  const end = async (id: string) => {
    await until("the end of the code", async () => connections.code(ann, id)?.end !== undefined);
    const found = connections.code(ann, id)?.end;
    return found?.result === "failed" ? found.message : "";
  };
  const denied = await connections.beginCode(ann);
  const [first] = github.state.devices;
  assert.ok(first !== undefined);
  first.interval = 0;
  first.verdict = "denied";
  assert.equal(await end(denied.id), "You refused at GitHub, and nothing is connected.");
  const late = await connections.beginCode(ann);
  assert.equal(connections.code(ann, denied.id), undefined, "the newer one counts");
  now += 901_000;
  assert.equal(await end(late.id), "The code was not typed in time. Ask for another one.");
  assert.equal(connections.shown(ann), undefined);
});

test("without a client id, or with one that GitHub does not know, a code is refused in a line", async () => {
  await using without = await start({ clientId: undefined });
  assert.equal(without.connections.byCode, false);
  await assert.rejects(without.connections.beginCode(without.ann), refused(/set dynoform:platform\.github\.clientId/));
  await using unknown = await start({ clientId: "Iv1.unknown" });
  await assert.rejects(unknown.connections.beginCode(unknown.ann), refused(/dynoform:platform\.github\.clientId/));
});

test("GitHub that is away for a moment ends no code; one that is away at the beginning is said to be", async () => {
  await using at = await start();
  const { connections, github, ann, waits } = at;
  const flow = await connections.beginCode(ann);
  const [device] = github.state.devices;
  assert.ok(device !== undefined);
  github.faults.current = { kind: "error", status: 502 };
  const before = waits.length;
  await until("three more questions", async () => waits.length > before + 3);
  assert.equal(connections.code(ann, flow.id)?.end, undefined);
  await assert.rejects(connections.beginCode(ann), refused(/does not answer\. Try again when it does\./));
  github.faults.current = undefined;
});
