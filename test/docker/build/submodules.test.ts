import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import type Docker from "dockerode";
import { BUILD_USER, DYNO_GROUP } from "../../../images/pythons.ts";
import { putFiles } from "../../../provider/build/archive.ts";
import { putSubmodules } from "../../../provider/build/submodules.ts";
import { runBackend } from "../../../services/control-plane/git/backend.ts";
import { certificate } from "../../unit/control-plane/logs/certificate.ts";
import { buildGround } from "./ground.ts";
import { writeSource } from "./sources.ts";

const ground = await buildGround();
after(() => ground[Symbol.asyncDispose]());
const { docker, directory } = ground;

test("submodules and those within them are fetched at their commits, by https alone; what cannot be is refused with its path", async () => {
  const { cert, key } = certificate();
  const root = join(directory, "git");
  await using server = createServer({ cert, key }, (request, response) => {
    const [, repository = "", service = "", query = ""] = /^\/([^/]+)(\/[^?]*)\??(.*)$/.exec(request.url ?? "") ?? [];
    const call = { root, repository, service, query, user: "", hooks: "/dev/null", env: {}, report: console.error };
    runBackend(request, response, call).catch(console.error);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = `https://localhost:${(server.address() as AddressInfo).port}`;

  const base = await repository(root, "base.git", { "base.py": "BASE = 1\n" });
  await repository(root, "base.git", { "base.py": "BASE = 2\n" });
  const widgets = await repository(root, "widgets.git", { "__init__.py": 'NAME = "widgets"\n' }, [
    ["base", "../base.git", base],
  ]);
  const byKey = await repository(root, "key.git", { "x.py": "" }, [["base", "git@localhost:base.git", base]]);
  const unnamed = await repository(root, "unnamed.git", { "x.py": "" }, [["base", undefined, base]]);

  const source = await writeSource(join(directory, "any"), { "requirements.txt": "" });
  const { image } = await ground.build("any", source);
  const fetch = (path: string, name: string, commit: string) =>
    submodules(
      image,
      cert,
      { path, commit },
      `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${address}/${name}.git\n`,
    );

  const good = await fetch("lib/widgets", "widgets", widgets);
  assert.match(good, /status 0\n/);
  assert.match(good, /^lib\/widgets\/__init__\.py$/m);
  assert.match(good, /^lib\/widgets\/base\/base\.py BASE = 1$/m, "not the newest");
  assert.ok(!good.includes(".git/"), "nothing of Git is left");

  for (const [name, commit, reason] of [
    ["widgets", "1".repeat(40), /lib\/wid gets/],
    [
      "nowhere",
      widgets,
      /clone of 'https:\/\/localhost.*nowhere\.git' into submodule path '\/app\/lib\/wid gets' failed/,
    ],
    ["key", byKey, /transport 'ssh' not allowed[\s\S]*lib\/wid gets\/base/],
    ["unnamed", unnamed, /[Nn]o url found for submodule path 'lib\/wid gets\/base' in \.gitmodules/],
  ] as const) {
    const refused = await fetch("lib/wid gets", name, commit);
    assert.match(refused, /status [1-9]/, name);
    assert.match(refused, reason);
  }
});

/** Commits files to a bare repository, which is made if need be, with submodules. Gives the commit. */
async function repository(
  root: string,
  name: string,
  files: Readonly<Record<string, string>>,
  submodules: readonly (readonly [path: string, url: string | undefined, commit: string])[] = [],
): Promise<string> {
  const work = join(directory, "work", name);
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", ...args], { cwd: work })
      .toString()
      .trim();
  await mkdir(work, { recursive: true });
  git("init", "--quiet", "--initial-branch=main");
  for (const [path, text] of Object.entries(files)) await writeFile(join(work, path), text);
  const named = submodules.filter(([, url]) => url !== undefined);
  const text = named.map(([path, url]) => `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`).join("");
  if (text !== "") await writeFile(join(work, ".gitmodules"), text);
  git("add", ".");
  for (const [path, , commit] of submodules) git("update-index", "--add", "--cacheinfo", `160000,${commit},${path}`);
  git("commit", "--quiet", "--message", "x");
  git("init", "--quiet", "--bare", join(root, name));
  git("push", "--quiet", "--force", join(root, name), "HEAD:refs/heads/main");
  return git("rev-parse", "HEAD");
}

/** Does a build's step where a server of the test's own is reached, and trusted. Gives all it says, and the files. */
async function submodules(
  image: string,
  ca: string,
  submodule: { readonly path: string; readonly commit: string },
  gitmodules: string,
): Promise<string> {
  const show = `status=$?; echo "status $status"; cd /app; find . -type f -printf '%P\\n'; grep -r . --include base.py . | sed 's#^./##; s#:# #'`;
  const container: Docker.Container = await docker.createContainer({
    Image: image,
    Cmd: ["bash", "-c", `/usr/lib/dynoform/build submodules -- < /dev/null; ${show}`],
    Env: ["GIT_SSL_CAINFO=/opt/requirements/ca.pem"],
    User: `${BUILD_USER}:${DYNO_GROUP}`,
    Labels: { "dynoform.platform": ground.name },
    Tty: true,
    HostConfig: { NetworkMode: "host" },
  });
  try {
    await putFiles(container, "/app", (files) => files.text(".gitmodules", gitmodules));
    await putFiles(container, "/opt/requirements", (files) => files.text("ca.pem", ca));
    await putSubmodules(container, [submodule]);
    await container.start();
    await container.wait();
    return (await container.logs({ stdout: true, stderr: true })).toString("utf8").replaceAll("\r\n", "\n");
  } finally {
    await container.remove({ force: true, v: true });
  }
}
