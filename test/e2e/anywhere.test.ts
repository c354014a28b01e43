import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { packageRoot } from "../../lib/package-root.ts";
import { placesOf } from "../../model/platform/control-plane.ts";
import { authorityFile } from "../../services/control-plane/tls/certificates.ts";
import { apiOf, runtimeDirectory } from "../support/dyno-manager.ts";
import { FormBrowser } from "../support/heroku/form-browser.ts";
import { type HerokuUser, herokuUser, repository } from "../support/heroku/user.ts";
import { get } from "../support/http.ts";
import { addLonelyNamespace, nameHosts, removeNamespace, sentBytes } from "../support/network-namespace.ts";
import { testPlatform } from "../support/platform.ts";
import { ran } from "../support/process.ts";
import { type Terminal, terminal } from "../support/terminal.ts";

const RELAY = fileURLToPath(new URL("../support/relay.ts", import.meta.url));

const APP = {
  Procfile: "web: python3 -u web.py\n",
  "requirements.txt": "",
  "web.py": `import http.server, os
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"from anywhere")
        print("somebody asked for", self.path)
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Page).serve_forever()
`,
};

test("a platform is reached from anywhere, by its public port alone", { timeout: 900_000 }, async (t) => {
  await using platform = await testPlatform({ access: "public" });
  await platform.up();
  const authority = authorityFile(placesOf(await runtimeDirectory(platform)).tls);
  const ca = await readFile(authority, "utf8");
  const { https } = platform.ports;
  const secure = (host: string, path: string, headers: Record<string, string> = {}) =>
    get({ host: `${host}.localhost`, port: https, path, ca, headers });
  const { email, password } = (await (await apiOf(platform)).ask("POST", "/actions/claim-first-admin", {})).body;

  await t.test("what is for this machine's own is not there for others", async () => {
    const key = (await readFile(placesOf(await runtimeDirectory(platform)).token, "utf8")).trim();
    const bearer = { authorization: `Bearer ${key}` };
    assert.equal(
      (await secure("api", "/apps", bearer)).status,
      401,
      "the key of the host opens nothing from elsewhere",
    );
    assert.equal((await secure("api", "/apps")).status, 401);
    const local = await fetch(`http://127.0.0.1:${platform.ports.api}/apps`, { headers: bearer });
    assert.equal(local.status, 200);
    // A sender's word for who he is, and where he comes from, counts nothing.
    const spoofed = {
      ...bearer,
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      forwarded: "for=127.0.0.1",
    };
    assert.equal((await secure("api", "/apps", spoofed)).status, 401);
    for (const name of ["metrics", "health"]) assert.notEqual((await secure("api", `/${name}`)).status, 200, name);
  });

  await t.test("nothing of it is served in clear, nor at another name", async () => {
    for (const part of ["api", "git"]) {
      const { status, body } = await platform.fetch(part, "/apps");
      assert.ok(status === 403 || status === 421, `${part} in clear: ${status} ${body}`);
    }
    const { status, headers } = await platform.fetch("dashboard", "/login");
    assert.deepEqual([status, headers.location], [301, `https://dashboard.localhost:${https}/login`]);
    const other = await secure("api", "/apps", { host: `hello.localhost:${https}` });
    assert.notEqual(other.status, 200);
  });

  await t.test("pages: cookies for this host over HTTPS alone, in no frame, of no other origin", async () => {
    const page = await secure("dashboard", "/login");
    assert.equal(page.status, 200);
    const cookies = [page.headers["set-cookie"]].flat();
    for (const cookie of cookies)
      assert.match(String(cookie), /^__Host-dynoform_\w+=.*; HttpOnly; SameSite=Lax; Secure/);
    assert.match(String(page.headers["content-security-policy"]), /frame-ancestors 'none'/);
    const asked = await secure("api", "/apps", { origin: "https://hello.localhost" });
    assert.equal(asked.headers["access-control-allow-origin"], undefined);
    assert.equal(asked.status, 403, "no page of elsewhere asks the API");
  });

  await using stack = new AsyncDisposableStack();
  const namespace = `${platform.name}-far`;
  stack.defer(() => removeNamespace(namespace));
  await addLonelyNamespace(namespace);
  await nameHosts(
    namespace,
    "127.0.0.1",
    ["api", "git", "dashboard"].map((part) => `${part}.localhost`),
  );
  const inside = (argv: readonly string[]) => ["ip", "netns", "exec", namespace, ...argv];
  await relayed(stack, inside, https, join(platform.directory, "far.sock"));

  const url = `https://api.localhost:${https}`;
  const command = [process.execPath, join(packageRoot(), "cli/start.mjs"), "connect", url];
  let connecting: Terminal | undefined;
  stack.defer(() => connecting?.[Symbol.dispose]());
  let bob: HerokuUser | undefined;

  await t.test("connect: a browser lets it in, and a certificate of another authority does not", async () => {
    bob = await herokuUser(platform, "bob", platform.ports.api, [], {
      inside,
      async script(home, env) {
        const untrusted = await ran(inside(command), { cwd: home, env });
        assert.equal(untrusted.exitCode, 1);
        assert.match(untrusted.errors, /^.*the certificate of api\.localhost:\d+ is not trusted \(.*--ca FILE\n$/);
        connecting = terminal(inside([...command, "--ca", authority]), { cwd: home, env });
        const [, page = ""] = await connecting.shows(/Log in with a browser: (\S+)/);
        const browser = new FormBrowser(asked(ca));
        const form = await browser.submit(await browser.open(page), { email, password });
        assert.equal(form.status, 200, form.text);
        assert.match((await browser.submit(form, { decision: "approve" })).text, /Logged in/);
        await connecting.shows(new RegExp(`Connected to ${platform.name} as ${email}`));
        const kept = join(home, ".config/dynoform/connections", `api.localhost_${https}.json`);
        assert.equal((await stat(kept)).mode & 0o777, 0o600);
        const printed = await ran(inside([...command, "--env"]), { cwd: home, env });
        assert.equal(printed.exitCode, 0, printed.errors);
        return printed.output;
      },
    });
  });

  const user = bob;
  if (user === undefined) return;
  await t.test(
    "log in, create, push, look, scale, run and ask the database, by the official command line",
    async () => {
      using login = user.terminal("login", "--interactive");
      await login.shows(/Email/);
      login.type(`${email}\r`);
      await login.shows(/Password/);
      login.type(`${password}\r`);
      assert.equal(await login.ended, 0, login.shown());

      const app = await repository(user, "far-away", APP);
      await app.heroku("apps:create", "far-away");
      await app.heroku("addons:create", "heroku-postgresql:mini", "--app", "far-away");
      const pushed = await app.git("push", "heroku", "main");
      assert.match(pushed.errors, /Verifying deploy\.\.\. done|deployed to Dynoform|done/);
      assert.equal((await secure("far-away", "/")).body, "from anywhere");
      using tail = app.terminal("logs", "--tail", "--app", "far-away");
      await tail.shows(/web\.1/);
      await secure("far-away", "/seen-from-far");
      await tail.shows(/seen-from-far/);
      assert.match((await app.heroku("ps:scale", "web=2", "--app", "far-away")).errors, /now running web at 2:Free/);
      using bash = app.terminal("run", "bash", "--app", "far-away");
      await bash.shows(/\$ /, 120);
      bash.type("echo $((6 * 7)) && exit\r");
      await bash.shows(/^42$/m);
      assert.equal(await bash.ended, 0, bash.shown());
      const asked = await app.heroku("pg:psql", "--app", "far-away", "--command", "SELECT 40 + 2 AS answer");
      assert.match(asked.output, /42/);
      assert.equal(await sentBytes(namespace), 0, "nothing went another way");
    },
  );

  await t.test("a login that is revoked ends the connection", async () => {
    const authorizations: { id: string; description: string }[] = JSON.parse(
      (await user.heroku("authorizations", "--json")).output,
    );
    const own = authorizations.find(({ description }) => description.startsWith("dynoform connect from "));
    await user.heroku("authorizations:revoke", own?.id ?? "").catch(() => {});
    assert.match((await user.refused("apps")).errors, /Error/);
    await connecting?.shows(/this login at api\.localhost:\d+ is over/);
    assert.equal(await connecting?.ended, 1);
  });
});

/** Opens the public port in a namespace, and nothing else: what comes to it there goes on to the router here. */
async function relayed(
  stack: AsyncDisposableStack,
  inside: (argv: readonly string[]) => string[],
  port: number,
  socket: string,
): Promise<void> {
  const out = createServer((client) => {
    const behind = connect(port, "127.0.0.1");
    client.on("error", () => behind.destroy()).on("close", () => behind.destroy());
    behind.on("error", () => client.destroy()).on("close", () => client.destroy());
    client.pipe(behind).pipe(client);
  });
  await once(out.listen(socket), "listening");
  stack.defer(() => void out.close());
  const [command = "", ...args] = inside([process.execPath, RELAY, String(port), socket]);
  const relay = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  stack.defer(() => void relay.kill());
  await once(relay.stdout, "data");
}

/** How a browser on this machine asks for names below localhost, which need not resolve. */
function asked(ca: string): (url: string, init: RequestInit) => Promise<Response> {
  return async (url, { method = "GET", headers, body }) => {
    const { hostname: host, port, pathname, search } = new URL(url);
    const form = body instanceof URLSearchParams ? String(body) : undefined;
    const answer = await get({
      host,
      port: Number(port),
      path: `${pathname}${search}`,
      method,
      ca,
      headers: {
        ...(headers as Record<string, string>),
        ...(form !== undefined && { "content-type": "application/x-www-form-urlencoded" }),
      },
      ...(form !== undefined && { body: form }),
    });
    const shown = new Headers();
    for (const [name, value] of Object.entries(answer.headers)) {
      for (const each of [value].flat()) if (each !== undefined) shown.append(name, each);
    }
    return new Response(answer.body, { status: answer.status, headers: shown });
  };
}
