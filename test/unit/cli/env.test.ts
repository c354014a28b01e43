import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { environmentScript, quoted, remoteScript } from "../../../cli/commands/env.ts";
import { ran } from "../../support/process.ts";

/** What a shell says after it has taken a script, in a home of its own. */
async function say(script: string, then: string, env: Readonly<Record<string, string>> = {}) {
  const home = await mkdtemp(join(tmpdir(), "dynoform-env-"));
  try {
    const argv = ["sh", "-euc", `eval "$1"; ${then}`, "sh", script];
    const { exitCode, output, errors } = await ran(argv, {
      cwd: home,
      env: { PATH: process.env.PATH ?? "", HOME: home, ...env },
    });
    assert.equal(exitCode, 0, errors);
    return { home, lines: output.split("\n") };
  } finally {
    await rm(home, { recursive: true });
  }
}

test("a shell takes what `dynoform env` prints, whatever the folder is called", async () => {
  const authority = '/srv/it\'s $(touch here) "mine"/ca.pem';
  const { lines } = await say(environmentScript(5050, quoted(authority)), "env; git config --global --list");
  for (const name of ["HOST", "LOGIN_HOST", "PARTICLEBOARD_URL", "STATUS_HOST", "BUILDPACK_REGISTRY_URL"]) {
    assert.ok(lines.includes(`HEROKU_${name}=http://127.0.0.1:5050`), name);
  }
  assert.ok(lines.includes("HEROKU_DATA_HOST=127.0.0.1"));
  assert.ok(lines.includes("HEROKU_NETRC_WRITE=true"));
  assert.ok(lines.includes(`NODE_EXTRA_CA_CERTS=${authority}`));
  assert.ok(lines.includes(`http.https://127.0.0.1:5050/.sslcainfo=${authority}`));
});

test("another computer gets the certificate along", async () => {
  const certificate = ["-----BEGIN CERTIFICATE-----", "MIIB$HOME`id`", "-----END CERTIFICATE-----"].join("\n");
  const { home, lines } = await say(
    remoteScript(5050, "dynoform", `${certificate}\n`),
    'cat "$NODE_EXTRA_CA_CERTS"; env',
  );
  assert.equal(lines.slice(0, certificate.split("\n").length).join("\n"), certificate);
  assert.ok(lines.includes(`NODE_EXTRA_CA_CERTS=${home}/.config/dynoform/dynoform.pem`));
});

test("what git trusts already stays trusted, but for the platform's address", async () => {
  const { lines } = await say(
    environmentScript(5050, "/srv/ca.pem"),
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
});
