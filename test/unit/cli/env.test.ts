import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { type EnvironmentScript, environmentScript, shimFiles } from "../../../cli/commands/env.ts";
import { ran } from "../../support/process.ts";

const CERTIFICATE = ["-----BEGIN CERTIFICATE-----", "MIIB$HOME`id`", "-----END CERTIFICATE-----"].join("\n");

async function script(over: Partial<EnvironmentScript> = {}): Promise<string> {
  const certificates = { certificate: `${CERTIFICATE}\n`, commandLine: "the command's own\n" };
  return environmentScript({ port: 5050, platform: "dynoform", ...certificates, shim: await shimFiles(), ...over });
}

async function inHome<T>(work: (home: string) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), "dynoform env's $HOME-"));
  return work(home).finally(() => rm(home, { recursive: true }));
}

/** What a shell says after it has taken a script. */
async function say(home: string, script: string, then: string, env: Readonly<Record<string, string>> = {}) {
  const { exitCode, output, errors } = await ran(["sh", "-euc", `eval "$1"; ${then}`, "sh", script], {
    cwd: home,
    env: { PATH: process.env.PATH ?? "", HOME: home, ...env },
  });
  assert.equal(exitCode, 0, errors);
  assert.equal(errors, "");
  return output.split("\n");
}

test("a shell takes what `dynoform env` prints, whatever the folder is called", () =>
  inHome(async (home) => {
    const authority = '/srv/it\'s $(touch here) "mine"/ca.pem';
    const lines = await say(home, await script({ authority }), "env; git config --global --list");
    for (const name of ["HOST", "LOGIN_HOST", "PARTICLEBOARD_URL", "STATUS_HOST", "BUILDPACK_REGISTRY_URL"]) {
      assert.ok(lines.includes(`HEROKU_${name}=http://127.0.0.1:5050`), name);
    }
    assert.ok(lines.includes("HEROKU_DATA_HOST=127.0.0.1"));
    assert.ok(lines.includes("HEROKU_NETRC_WRITE=true"));
    assert.ok(lines.includes(`http.https://127.0.0.1:5050/.sslcainfo=${authority}`));
    assert.ok(!lines.some((line) => /^(HTTPS?_PROXY|NODE_OPTIONS|NODE_EXTRA_CA_CERTS)=/i.test(line)));
  }));

test("another computer gets the certificate along", () =>
  inHome(async (home) => {
    const kept = `${home}/.config/dynoform/dynoform.pem`;
    const lines = await say(
      home,
      await script(),
      `cat "$DYNOFORM_AUTHORITIES" "$HOME/.config/dynoform/dynoform.pem"; git config --global --list`,
    );
    const [one, both] = [CERTIFICATE.split("\n"), `${CERTIFICATE}\nthe command's own`.split("\n")];
    assert.deepEqual(lines, [...both, ...one, `http.https://127.0.0.1:5050/.sslcainfo=${kept}`, ""]);
  }));

test("what git trusts already stays trusted, but for the platform's address", () =>
  inHome(async (home) => {
    const lines = await say(
      home,
      await script({ authority: "/srv/ca.pem" }),
      `for url in https://127.0.0.1:5050/shop.git https://example.com/; do git config --get-urlmatch http.sslCAInfo $url; done
      echo "\${GIT_SSL_CAINFO-none}"; git config core.pager`,
      {
        GIT_SSL_CAINFO: "/etc/our own.pem",
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: "core.pager",
        GIT_CONFIG_VALUE_0: "less",
      },
    );
    assert.deepEqual(lines, ["/srv/ca.pem", "/etc/our own.pem", "none", "less", ""]);
  }));

test("several shells take it at once, and one takes it again", () =>
  inHome(async (home) => {
    const text = await script();
    const twice =
      'eval "$1"; IFS=:; printf "%s\\n" $PATH | grep -c "/\\.config/dynoform/bin$"; git config --global --list';
    const all = await Promise.all(Array.from({ length: 6 }, () => say(home, text, twice)));
    for (const lines of all) {
      assert.deepEqual(lines, [
        "1",
        `http.https://127.0.0.1:5050/.sslcainfo=${home}/.config/dynoform/dynoform.pem`,
        "",
      ]);
    }
  }));

/** In place of the official command: says how its own process is, and how one that it starts. */
const OFFICIAL = `#!/usr/bin/env node
const { spawn, spawnSync } = require("node:child_process");
const { env } = process;
const shown = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "NODE_OPTIONS"];
env.TERM = "set";
const child = "const { env } = process; console.log(JSON.stringify(Object.keys(env).sort().map((name) => [name, env[name]])))";
const { stdout } = spawnSync(process.execPath, ["-e", child], { encoding: "utf8" });
let started = "";
spawn(process.execPath, ["-e", child], { env: { ...env } }).stdout.on("data", (data) => (started += data)).on("end", () => {
  const here = Object.fromEntries(shown.map((name) => [name, env[name]]));
  const pick = (text) => Object.fromEntries(JSON.parse(text).filter(([name]) => shown.includes(name) || /^DYNOFORM/.test(name)));
  console.log(JSON.stringify({ argv: process.argv.slice(2), here, sync: pick(stdout), started: pick(started) }));
});
`;

test("the `heroku` before the official one gives a proxy to that one's process, and to nothing that it starts", () =>
  inHome(async (home) => {
    const official = join(home, "official");
    await mkdir(official);
    await writeFile(join(official, "heroku"), OFFICIAL);
    await chmod(join(official, "heroku"), 0o755);
    const text = await script();
    const path = [official, dirname(process.execPath), process.env.PATH].join(":");
    const run = async (then: string, env: Readonly<Record<string, string>> = {}) => {
      const [line = ""] = await say(home, text, then, { PATH: path, ...env });
      return JSON.parse(line);
    };
    const DYNOFORM_AUTHORITIES = `${home}/.config/dynoform/dynoform-heroku.pem`;
    const proxy = "http://127.0.0.1:5050";
    const here = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
    assert.deepEqual(await run('heroku run "a  b" -- -x'), {
      argv: ["run", "a  b", "--", "-x"],
      here,
      sync: { DYNOFORM_AUTHORITIES },
      started: { DYNOFORM_AUTHORITIES },
    });

    const own = {
      HTTPS_PROXY: "http://proxy.example:3128",
      NO_PROXY: "*",
      SSL_CERT_FILE: "/etc/own.pem",
      NODE_OPTIONS: "--no-warnings",
      NODE_EXTRA_CA_CERTS: "/dev/null",
    };
    const { NODE_OPTIONS, NODE_EXTRA_CA_CERTS } = own;
    const given = await run("heroku", own);
    assert.deepEqual(given.here, { ...here, NODE_OPTIONS, NODE_EXTRA_CA_CERTS });
    assert.deepEqual(given.started, { ...own, DYNOFORM_AUTHORITIES }, "what it starts has the user's own");

    const elsewhere = await run("HEROKU_HOST=heroku.com heroku", own);
    assert.deepEqual(elsewhere.here, own, "another host than a platform's is none of ours");
    await rm(official, { recursive: true });
    const missing = await say(home, text, "heroku 2>&1 || echo $?", {
      PATH: join(home, "none").concat(":/usr/bin:/bin"),
    });
    assert.match(missing.join("\n"), /no official heroku command on the PATH. Install it: npm install -g heroku\n127/);
  }));
