import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { settingsOf } from "../../../../services/control-plane/ci/sent-file.ts";

const PRESENT =
  "secretsprovider: passphrase\nencryptionsalt: v1:ours\nconfig:\n  dynoform:app: {}\n  dynoform:key: { secure: v1:k }\n";

const sent = (text: string, present: string | undefined = PRESENT) => settingsOf("shop", text, present, "/srv/project");
const config = (lines: string) => `config:\n  ${lines.split("\n").join("\n  ")}\n`;

test("of what was sent the settings are taken, and salt and provider of secrets are the host's own", () => {
  const result = sent(
    `secretsprovider: awskms://evil\nencryptionsalt: v1:theirs\nenvironment: [evil]\n${config("dynoform:app: { source: { path: apps/shop } }\ndynoform:config: { A: { secure: v1:x } }")}`,
  );
  assert.deepEqual(parse("settings" in result ? result.settings : ""), {
    secretsprovider: "passphrase",
    encryptionsalt: "v1:ours",
    config: {
      "dynoform:key": { secure: "v1:k" },
      "dynoform:app": { source: { path: "apps/shop" } },
      "dynoform:config": { A: { secure: "v1:x" } },
    },
  });
  const text = `secretsprovider: awskms://evil\nencryptionsalt: v1:theirs\n${config("dynoform:app: {}")}`;
  const fresh = settingsOf("shop", text, undefined, "/srv/project");
  const { encryptionsalt, config: settings } = parse("settings" in fresh ? fresh.settings : "");
  assert.deepEqual([encryptionsalt, Object.keys(settings)], ["v1:theirs", ["dynoform:app", "dynoform:key"]]);
  assert.ok("settings" in settingsOf("shop", config("dynoform:app: {}"), undefined, "/srv/project"));
});

test("what could show a secret, read the host or ask somebody else is refused or left to another", () => {
  const refused: [text: string, message: RegExp][] = [
    [config("dynoform:app: { hosts: [{ secure: v1:k }] }"), /dynoform:app\.hosts has a secure value/],
    [config("dynoform:app: { a: { b: { secure: v1:k } } }"), /dynoform:app\.a\.b has a secure value/],
    [config("dynoform:app: {}\ndynoform:allowDataLoss: { secure: v1:k }"), /allowDataLoss has a secure value/],
    [config("dynoform:app: {}\ndocker:host: tcp://evil:2375"), /docker:host is not taken from a workflow/],
    [config("dynoform:app: {}\npulumi:disable-default-providers: [docker]"), /is not taken/],
    [config("dynoform:app: {}\ndynoform:github-auth: {}"), /is not taken/],
    [config("dynoform:platform: {}"), /no longer a stack of its kind/],
    [config("dynoform:app: { source: { path: /etc } }"), /lies outside of the project/],
    [config("dynoform:app: { source: { path: apps/../../other } }"), /lies outside/],
    [config("dynoform:app: { source: { path: .dynoform } }"), /hidden/],
    [config("dynoform:app: { source: { path: [x] } }"), /lies outside/],
    ["config: [", /no valid YAML/],
    ["a: &a [1]\nconfig: { dynoform:app: [*a, *a] }", /no valid YAML/],
    ["x: 1", /no map `config`/],
  ];
  for (const [text, message] of refused) assert.throws(() => sent(text), message, text);
  for (const text of [config("dynoform:github: { baseUrl: https://evil }"), config("shop:things: {}")]) {
    assert.ok("elsewhere" in sent(text, text), text);
  }
});
