import assert from "node:assert/strict";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import type Docker from "dockerode";
import { until } from "../../support/until.ts";
import { type BuildGround, buildGround } from "./ground.ts";
import { copyExample, writeSource } from "./sources.ts";

const ground = await buildGround();
after(() => ground[Symbol.asyncDispose]());
const { docker, directory } = ground;

test("the documents' app, from its sources to an answer of uWSGI", async () => {
  const source = await copyExample("flask-hello", join(directory, "hello"));
  const { image, record } = await ground.build("hello", source);
  assert.match(image, /^sha256:[0-9a-f]{64}$/);
  const log = await ground.log(record);
  assert.match(log, /^-----> Using Python 3\.9\.2 \(runtime\.txt asks for 3\.9\.5; Debian bullseye has 3\.9\.2\)$/m);
  assert.match(log, /^ {7}Procfile declares types -> web$/m);
  assert.equal(log, `${ground.lines.join("\n")}\n`);

  await using dyno = await run(ground, image, ["uwsgi", "uwsgi.ini"]);
  const answer = await dyno.get("/whoami");
  assert.deepEqual(Object.keys(JSON.parse(answer)), ["dyno", "pid"]);
  assert.match(await dyno.get("/"), /This is visit number <strong>1<\/strong>/);

  const found = async () => (JSON.parse(await dyno.get("/fs")) as { found: string[] }).found.length;
  assert.deepEqual([await found(), await found()], [0, 1]);
});

test("the image holds nothing of how it was built, and only /app can be written", async () => {
  const { image } = await ground.build("hello", join(directory, "hello"));
  const { Config } = await docker.getImage(image).inspect();
  assert.deepEqual([Config.Entrypoint, Config.Cmd, Config.WorkingDir], [null, ["bash"], "/app"]);
  assert.ok(Config.Env?.every((entry) => !entry.startsWith("DYNOFORM_")));
  const script =
    "touch /app/a /app/hello/b; touch /opt/venv/c /opt/venv/bin/python; find / -xdev -type f -perm /6000 2> /dev/null; ls -A /tmp";
  const said = await output(ground, image, ["sh", "-c", script]);
  assert.deepEqual(said.split("\n").filter(Boolean).toSorted(), [
    "touch: cannot touch '/opt/venv/bin/python': Permission denied",
    "touch: cannot touch '/opt/venv/c': Permission denied",
  ]);
});

test("the same sources give the same image without a build; a line of code costs no installing", async () => {
  const source = join(directory, "hello");
  const first = await ground.build("hello", source);
  ground.lines.length = 0;
  const builds = (await ground.records()).length;
  assert.deepEqual(await ground.build("hello", source), first);
  assert.deepEqual([ground.lines, (await ground.records()).length], [[], builds]);
  assert.equal(await ground.read("hello", source), first.image);

  await appendFile(join(source, "run.py"), "\n# one more line\n");
  const second = await ground.build("hello", source);
  assert.notEqual(second.image, first.image);
  assert.ok(ground.lines.includes("-----> Using the packages of an earlier build: the requirements are the same"));
  assert.deepEqual(
    (await ground.records()).map(({ result }) => result),
    Array(builds + 1).fill("succeeded"),
  );
  assert.equal((await ground.images()).length, 3);
});

test("a Pipfile alone, with a lock whose hashes are checked, on the newest Python", async () => {
  const source = await writeSource(join(directory, "locked"), {
    Pipfile: '[packages]\nsix = "*"\n',
    "Pipfile.lock": JSON.stringify({
      _meta: {
        hash: { sha256: "83b3df86404322b5e9c6d1f3a782fd8510f976dafa4940f849d7e79258978aaa" },
        "pipfile-spec": 6,
        requires: {},
        sources: [{ name: "pypi", url: "https://pypi.org/simple", verify_ssl: true }],
      },
      default: {
        six: {
          version: "==1.17.0",
          hashes: [
            "sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274",
            "sha256:ff70335d468e7eb6ec65b95b99d3a2836546063f63acc5171de367e834932a81",
          ],
        },
      },
      develop: {},
    }),
  });
  const { image } = await ground.build("locked", source);
  const script = "import six, sys; print(six.__version__, *sys.version_info[:2])";
  assert.equal(await output(ground, image, ["python", "-c", script]), "1.17.0 3 13\n");
});

test("images that nothing names are removed, those in use and their packages stay", async () => {
  const { removeUnreferenced } = await import("../../../provider/build/images.ts");
  const { image } = await ground.build("hello", join(directory, "hello"));
  await removeUnreferenced(docker, ground.name, new Set([image]));
  const left = await ground.images();
  assert.deepEqual(
    left.map((tag) => tag.replace(/:.*/, "")),
    [`${ground.name}/app-hello`, `${ground.name}/deps-hello`],
  );
  await removeUnreferenced(docker, ground.name, new Set());
  assert.deepEqual(await ground.images(), []);
  assert.equal(await ground.read("hello", join(directory, "hello")), undefined);
});

/** As a dyno's init starts it: an ordinary user of the dynos' group. */
function dynoOptions({ name }: BuildGround, image: string, command: readonly string[]): Docker.ContainerCreateOptions {
  return {
    Image: image,
    Cmd: [...command],
    User: "1048600:1048575",
    Env: ["PORT=5000", "HOME=/app"],
    ExposedPorts: { "5000/tcp": {} },
    Labels: { "dynoform.platform": name },
    HostConfig: { PortBindings: { "5000/tcp": [{ HostIp: "127.0.0.1", HostPort: "0" }] }, CapDrop: ["ALL"] },
  };
}

async function run(at: BuildGround, image: string, command: readonly string[]) {
  const container = await docker.createContainer(dynoOptions(at, image, command));
  await container.start();
  const { NetworkSettings } = await container.inspect();
  const port = NetworkSettings.Ports["5000/tcp"]?.[0]?.HostPort;
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  await until("uWSGI answers", () =>
    get("/whoami").then(
      () => true,
      () => false,
    ),
  );
  return { get, [Symbol.asyncDispose]: () => container.remove({ force: true, v: true }) };
}

/** What a command in an image prints. */
async function output(at: BuildGround, image: string, command: readonly string[]): Promise<string> {
  const container = await docker.createContainer({ ...dynoOptions(at, image, command), Tty: true });
  try {
    await container.start();
    await container.wait();
    const log = await container.logs({ stdout: true, stderr: true });
    return log.toString("utf8").replaceAll("\r\n", "\n");
  } finally {
    await container.remove({ force: true, v: true });
  }
}
