import assert from "node:assert/strict";
import { test } from "node:test";
import { debianSources, proxySettings, readPlace } from "../../../images/place.ts";

test("proxies are taken in both spellings, but not those that only this machine reaches", () => {
  assert.deepEqual(
    proxySettings({
      HTTP_PROXY: "http://user:pass@proxy.example:3128",
      https_proxy: "http://127.0.0.1:8888",
      no_proxy: "localhost,.example",
    }),
    {
      http_proxy: "http://user:pass@proxy.example:3128",
      HTTP_PROXY: "http://user:pass@proxy.example:3128",
      no_proxy: "localhost,.example",
      NO_PROXY: "localhost,.example",
    },
  );
  assert.deepEqual(proxySettings({ http_proxy: "http://u:p@localhost:1", https_proxy: "" }), {});
});

test("a release of Debian has three sources", () => {
  const mirrors = { main: "http://mirror.example/debian", security: "http://mirror.example/debian-security" };
  assert.deepEqual(debianSources("trixie", mirrors), [
    "deb http://mirror.example/debian trixie main",
    "deb http://mirror.example/debian trixie-updates main",
    "deb http://mirror.example/debian-security trixie-security main",
  ]);
});

test("a place is a root file system for images, with certificates that images trust besides Mozilla's", async () => {
  const { files, mirrors } = await readPlace();
  for (const { path } of files) assert.match(path, /^place\/(mirrors$|root\/(etc|usr)\/)/);
  for (const { path, content } of files.filter((file) => file.path.endsWith(".crt"))) {
    assert.match(path, /\/[0-9a-f]{16}\.crt$/);
    assert.equal(content.toString().match(/BEGIN CERTIFICATE/g)?.length, 1);
  }
  assert.match(mirrors.main, /^https?:/);
});
