import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { certificateFor } from "../support/certificate.ts";
import { get } from "../support/http.ts";
import { type TestPlatform, testPlatform } from "../support/platform.ts";
import { watchProcesses } from "../support/processes.ts";
import { simpleApp } from "../support/simple-app.ts";

test("no secret is readable anywhere but where it is used", async (t) => {
  await using platform = await testPlatform();
  await simpleApp(platform, "quiet");
  const certificate = await certificateFor(["www.quiet.test"]);
  await platform.app("quiet", {
    source: { path: "apps/quiet" },
    addons: { DATABASE: { service: "postgresql" } },
    hosts: ["www.quiet.test"],
    certificates: { www: { chain: certificate.chain } },
  });
  const token = randomBytes(24).toString("hex");
  const key = ["--path", "dynoform:config.SESSION_TOKEN"];
  await platform.engine.run(["config", "set", "--secret", ...key, "--stack", "quiet"], token);
  const privateKey = ["--path", "dynoform:certificates.www"];
  await platform.engine.run(["config", "set", "--secret", ...privateKey, "--stack", "quiet"], certificate.key);

  const processes = watchProcesses();
  const events = join(platform.directory, "events.jsonl");
  process.env.PULUMI_DEBUG_COMMANDS = "true";
  const preview = await platform.pulumi("preview", "-s", "platform", "--json");
  await platform.up("platform");
  const up = await platform.pulumi("up", "-s", "quiet", "--yes", "--diff", "--event-log", events);
  assert.equal(up.exitCode, 0, up.output);
  const appPreview = await platform.pulumi("preview", "-s", "quiet", "--json");
  const commandLines = processes.stop();
  assert.ok(
    commandLines.some((line) => line.includes("pulumi")),
    "the watcher saw the processes",
  );

  const ca = certificate.chain;
  assert.equal((await get({ host: "www.quiet.test", port: platform.ports.https, path: "/", ca })).status, 200);

  const secrets = new Map<string, string>([
    ["the secure config var", token],
    // A line of it, however its line breaks are written.
    ["the key of a certificate", certificate.key.split("\n")[1] ?? ""],
  ]);
  for (const [name, value] of await passwords(platform)) secrets.set(name, value);
  assert.ok(secrets.size >= 4, [...secrets.keys()].join());
  const places: Record<string, string> = {
    "the output of preview": preview.output + appPreview.output,
    "the output of up": up.output + platform.log(),
    "the event log": await readFile(events, "utf8"),
    "the process list": commandLines.join("\n"),
    "the exported states":
      (await platform.pulumi("stack", "export", "-s", "platform")).output +
      (await platform.pulumi("stack", "export", "-s", "quiet")).output,
    "the history": (await platform.pulumi("stack", "history", "--json", "-s", "quiet")).output,
    "the state's and the project's files": files(platform, [".dynoform/state/.pulumi/**", "stacks/*", "pulumi.env"]),
    "the build records": files(platform, [`home/${platform.name}/builds/**`]),
  };
  for (const [place, text] of Object.entries(places)) {
    await t.test(place, () => {
      assert.notEqual(text, "", `${place} is empty`);
      for (const [name, secret] of secrets) {
        const at = text.indexOf(secret);
        const before = text.slice(Math.max(0, at - 200), at);
        assert.ok(at < 0, `${name} is readable in ${place}, after: ${before}`);
      }
    });
  }
});

/** The passwords of Postgres' roles, from the containers that are given them. */
async function passwords(platform: TestPlatform): Promise<[string, string][]> {
  const list = await platform.docker.listContainers({ filters: { label: [`dynoform.platform=${platform.name}`] } });
  const found: [string, string][] = [];
  for (const { Id } of list) {
    const { Config } = await platform.docker.getContainer(Id).inspect();
    for (const entry of Config.Env) {
      const [, name = "", value = ""] = /^([^=]*)=(.*)$/s.exec(entry) ?? [];
      if (name.endsWith("PASSWORD")) found.push([name, value]);
      if (name === "DATABASE_URL") found.push([name, decodeURIComponent(new URL(value).password)]);
    }
  }
  return found;
}

function files(platform: TestPlatform, patterns: readonly string[]): string {
  const paths = patterns.flatMap((pattern) => globSync(pattern, { cwd: platform.directory, withFileTypes: true }));
  return paths
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    .join("\n");
}
