import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { environmentScript } from "../../../cli/commands/env.ts";
import { finish } from "../../support/process.ts";

test("a shell takes what `dynoform env` prints, whatever the folder is called", async () => {
  const home = await mkdtemp(join(tmpdir(), "dynoform-env-"));
  try {
    const authority = '/srv/it\'s $(touch here) "mine"/ca.pem';
    const script = `${environmentScript(5050, authority)}env; git config --global --list`;
    const { exitCode, output } = await finish(
      ["env", "-i", `PATH=${process.env.PATH}`, `HOME=${home}`, "sh", "-c", script],
      home,
    );
    assert.equal(exitCode, 0, output);
    const lines = output.split("\n");
    for (const name of ["HOST", "LOGIN_HOST", "PARTICLEBOARD_URL", "STATUS_HOST", "BUILDPACK_REGISTRY_URL"]) {
      assert.ok(lines.includes(`HEROKU_${name}=http://127.0.0.1:5050`), name);
    }
    assert.ok(lines.includes("HEROKU_DATA_HOST=127.0.0.1"));
    assert.ok(lines.includes("HEROKU_NETRC_WRITE=true"));
    assert.ok(lines.includes(`NODE_EXTRA_CA_CERTS=${authority}`), output);
    assert.ok(lines.includes(`http.https://127.0.0.1:5050/.sslcainfo=${authority}`), output);
  } finally {
    await rm(home, { recursive: true });
  }
});

test("what git trusts already stays trusted, but for the platform's address", async () => {
  const home = await mkdtemp(join(tmpdir(), "dynoform-env-"));
  try {
    const present = { GIT_SSL_CAINFO: "/etc/ours.pem", GIT_CONFIG_COUNT: "1" };
    const script = `${environmentScript(5050, "/srv/ca.pem", present)}
      for url in https://127.0.0.1:5050/shop.git https://example.com/; do git config --get-urlmatch http.sslCAInfo $url; done
      echo "\${GIT_SSL_CAINFO-none}"; git config core.pager`;
    const variables = ["GIT_CONFIG_KEY_0=core.pager", "GIT_CONFIG_VALUE_0=less", "GIT_SSL_CAINFO=/etc/ours.pem"];
    const argv = ["env", "-i", `PATH=${process.env.PATH}`, `HOME=${home}`, ...variables, "sh", "-c", script];
    const { exitCode, output } = await finish(argv, home);
    assert.equal(exitCode, 0, output);
    assert.equal(output, "/srv/ca.pem\n/etc/ours.pem\nnone\nless\n");
  } finally {
    await rm(home, { recursive: true });
  }
});
