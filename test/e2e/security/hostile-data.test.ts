import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { get } from "../../support/http.ts";
import { type TestPlatform, testPlatform } from "../../support/platform.ts";
import { finish } from "../../support/process.ts";
import { watchProcesses } from "../../support/processes.ts";
import { simpleApp } from "../../support/simple-app.ts";

/** Tells its environment and its files, as they are. */
const CODE = `import json, os

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    env = {name.decode(): value.decode() for name, value in os.environb.items()}
    return [json.dumps({"env": env, "files": sorted(name.decode() for name in os.listdir(b"odd"))}).encode()]
`;

/** Made when any of it is taken for a command. */
const TRAP = "/tmp/dynoform-trap";

const FILES = [
  "a b",
  "--help",
  "-rf",
  `$(touch ${TRAP.replaceAll("/", ":")})`,
  "`id`",
  "'q' \"q\"",
  "line\nbreak",
  "tab\there",
  "; true",
  "*",
  "ünï🎈",
  "%00",
  "\\",
];

test("what a user gives stays data, from the API and from a push to the dyno", { timeout: 900_000 }, async (t) => {
  await using platform = await testPlatform();
  const { directory, ports, name } = platform;
  await platform.app("odd", {});
  await platform.up();
  await rm(TRAP, { force: true });
  const token = (await platform.dynoform("token")).output.trim();
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const text = body === undefined ? "" : JSON.stringify(body);
    const all = { authorization: `Bearer ${token}`, "content-length": String(Buffer.byteLength(text)), ...headers };
    return get({ host: "127.0.0.1", port: ports.api, path, method, body: text, headers: all });
  };
  const served = async () => JSON.parse((await platform.fetch("odd")).body);

  await t.test("a repository with odd names is built as it is; links that lead out of it are refused", async () => {
    const work = join(directory, "apps", "odd");
    await simpleApp(platform, "odd", { "run.py": CODE });
    await mkdir(join(work, "odd"));
    for (const file of FILES) await writeFile(join(work, "odd", file), file);
    const git = await repository(platform, token, work);
    assert.equal((await git("commit", "--quiet", "--message", `$(touch ${TRAP}); "'\n--all`)).exitCode, 0);
    const { exitCode, output } = await git("push", "heroku", "main");
    assert.equal(exitCode, 0, output);
    assert.deepEqual((await served()).files, FILES.toSorted());

    await symlink("/etc/passwd", join(work, "odd", "out"));
    await git("add", "-A");
    await git("commit", "--quiet", "--message", "out");
    const refused = await git("push", "heroku", "main");
    assert.equal(refused.exitCode, 1);
    assert.match(refused.output, /odd\/out: is a link out of the source tree, to \/etc\/passwd/);
    for (const branch of [`$(touch\${IFS}${TRAP})`, "a;id", "--force", "'x'"]) {
      const odd = await git("push", "heroku", `HEAD:refs/heads/${branch}`);
      assert.equal(odd.exitCode, 1, odd.output);
      assert.match(odd.output, /only main and master are deployed/);
    }
  });

  const values: Record<string, string> = {
    TEXT: "  one: \"q\" \n\n\t'two' \\n \\\r\n&a *b !!js/function {x: 1} # no comment\n- ? | > </script>&amp; \n",
    SHELL: `$(touch ${TRAP}) \`touch ${TRAP}\` \${HOME} $HOME; touch ${TRAP} && x | y > z`,
    DASHES: "--help",
    UNICODE: "ünï🎈\u2028\u0001\u007f\u{10ffff}",
    LONG: randomBytes(16_384).toString("hex"),
    EMPTY: "",
  };

  await t.test("config vars arrive byte by byte, and are read nowhere else", async () => {
    const processes = watchProcesses();
    const { SHELL } = values;
    const plan = await ask("PATCH", "/apps/odd/config-vars?dry_run=1", { SHELL });
    assert.equal(plan.status, 200, plan.body);
    const change = await ask("PATCH", "/apps/odd/config-vars", values, { prefer: "wait=200" });
    assert.equal(change.status, 200, change.body);
    const lines = processes.stop();
    assert.ok(
      lines.some((line) => line.includes("pulumi") || line.includes("runner/main")),
      "the watcher saw the processes",
    );
    const { env } = await served();
    assert.deepEqual(Object.fromEntries(Object.keys(values).map((key) => [key, env[key]])), values);
    const shown = JSON.parse((await ask("GET", "/apps/odd/config-vars")).body);
    assert.deepEqual(Object.fromEntries(Object.keys(values).map((key) => [key, shown[key]])), values);
    assert.equal(existsSync(TRAP), false, "something was taken for a command");

    const file = await readFile(join(directory, "stacks", "Pulumi.odd.yaml"), "utf8");
    for (const value of Object.values(parse(file).config["dynoform:config"])) {
      assert.match((value as { secure: string }).secure, /^v1:/);
    }
    const home = join(directory, "home", name);
    const places: Record<string, string> = {
      "the process list": lines.join("\n"),
      "the dry run's answer": plan.body,
      "the stack file": file,
      "the state": files(join(directory, ".dynoform", "state", ".pulumi")),
      "the control plane's store, with journal, audit log and app's log": files(join(home, "control"), "store.sqlite*"),
      "the runs' records and logs": files(join(home, "control", "runs")),
      "what builds and release tasks wrote": files(join(home, "builds")),
      "the control plane's log": await logOf(platform, "control-plane"),
      "the audit log": (await ask("GET", "/audit")).body,
      "the app's log": await appLog(await ask("POST", "/apps/odd/log-sessions", { lines: 1500 })),
      "the releases": (await ask("GET", "/apps/odd/releases")).body,
    };
    for (const [place, text] of Object.entries(places)) {
      assert.notEqual(text, "", `${place} is empty`);
      assert.ok(!text.includes(token), `the token is readable in ${place}`);
      for (const secret of ["LONG", "SHELL", "UNICODE"] as const) {
        assert.ok(!text.includes(values[secret] ?? ""), `${secret} is readable in ${place}`);
      }
    }
  });

  await t.test("what can be no value, name or app is refused in one line, and changes nothing", async () => {
    const before = await readFile(join(directory, "stacks", "Pulumi.odd.yaml"), "utf8");
    const bodies = [
      { A: "a\0b" },
      { "A;B": "x" },
      { "A\nB": "x" },
      { PORT: "1" },
      { LD: 5 },
      { A: "x".repeat(200_000) },
    ];
    for (const body of bodies) {
      const answer = await ask("PATCH", "/apps/odd/config-vars", body);
      assert.equal(answer.status, 422, JSON.stringify(body).slice(0, 40));
      assert.equal(JSON.parse(answer.body).message.includes("\n"), false);
    }
    for (const app of [
      "..%2f..%2fstacks",
      "odd%00",
      "..",
      "%2e%2e",
      "odd%2f..%2fodd",
      "odd;id",
      "-h",
      "Pulumi.odd.yaml",
    ]) {
      for (const part of ["", "/config-vars", "/releases", "/dynos"]) {
        assert.equal((await ask("GET", `/apps/${app}${part}`)).status, 404, app);
      }
    }
    for (const app of ["../x", "-rf", "a b", "a\nb", "$(id)", "a".repeat(31), "platform", "Pulumi.x", "ODD", "é"]) {
      const answer = await ask("POST", "/apps", { name: app });
      assert.equal(answer.status, 422, app);
    }
    const foreign = { origin: "http://odd.localhost" };
    assert.equal((await ask("PATCH", "/apps/odd/config-vars", { A: "1" }, foreign)).status, 403);
    assert.equal(await readFile(join(directory, "stacks", "Pulumi.odd.yaml"), "utf8"), before);
  });
});

/** Makes a folder a repository that pushes as its owner would. @returns runs Git in it */
async function repository(platform: TestPlatform, token: string, work: string) {
  const { directory, name, ports } = platform;
  const home = join(directory, "user");
  await mkdir(home);
  const netrc = `machine 127.0.0.1 login heroku password ${token}\n`;
  await writeFile(join(home, ".netrc"), netrc, { mode: 0o600 });
  const authority = join(directory, "home", name, "control", "tls", "ca.pem");
  const settings = ["user.name=Ann", "user.email=ann@example.com", `http.sslCAInfo=${authority}`];
  const git = (...args: string[]) =>
    finish(
      [
        "env",
        "-i",
        `PATH=${process.env.PATH}`,
        `HOME=${home}`,
        "git",
        ...settings.flatMap((each) => ["-c", each]),
        ...args,
      ],
      work,
    );
  await git("init", "--quiet", "--initial-branch=main");
  await git("remote", "add", "heroku", `https://127.0.0.1:${ports.api}/odd.git`);
  await git("add", "-A");
  return git;
}

async function logOf({ docker, name }: TestPlatform, part: string): Promise<string> {
  const logs = await docker.getContainer(`${name}-${part}`).logs({ stdout: true, stderr: true });
  return logs.toString("utf8");
}

async function appLog({ body }: { readonly body: string }): Promise<string> {
  return (await fetch(JSON.parse(body).logplex_url)).text();
}

/** The texts of all files in a folder. */
function files(folder: string, pattern = "**"): string {
  return globSync(pattern, { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("\n");
}
