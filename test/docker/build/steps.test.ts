import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import type Docker from "dockerode";
import { buildGround } from "./ground.ts";
import { writeSource } from "./sources.ts";

const ground = await buildGround();
after(() => ground[Symbol.asyncDispose]());
const { docker, directory, name: platform } = ground;

/** A config var that is looked for by its value wherever a build leaves something. */
const SECRET = `hunter2-${platform}-of-nobody-else`;
const environment = {
  GREETING: "hello",
  API_TOKEN: SECRET,
  UID: "not a number",
  PATH: "/nowhere",
  PIP_DEFAULT_TIMEOUT: "31",
  PIP_EXTRA_INDEX_URL: `https://user:${SECRET}@127.0.0.1:9/simple`,
  PIP_RETRIES: "0",
};

const hook = (lines: string) => `#!/usr/bin/env bash\nset -e\n${lines}\n`;

test("hooks run with config vars, and what they make is in the image; config vars are nowhere else", async () => {
  const source = await writeSource(join(directory, "hooked"), {
    // A package that pre_compile makes; nothing of it is in the tree.
    "requirements.txt": "./made\n-r made.txt\n",
    "bin/pre_compile": hook(`python - <<'PY'
import os, pathlib
pathlib.Path("made").mkdir()
pathlib.Path("made.txt").write_text("six==1.17.0\\n")
pathlib.Path("made/pyproject.toml").write_text('[build-system]\\nrequires = []\\nbuild-backend = "b"\\nbackend-path = ["."]\\n')
pathlib.Path("made/b.py").write_text("""
import os, zipfile
def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "made-1.0-py3-none-any.whl"
    seen = sorted(n for n in os.environ if n in ("GREETING", "API_TOKEN") or n.startswith("PIP_D") or n == "PIP_RETRIES")
    with zipfile.ZipFile(os.path.join(directory, name), "w") as wheel:
        wheel.writestr("made.py", f"SEEN = {seen!r}")
        wheel.writestr("made-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: made\\nVersion: 1.0\\n")
        wheel.writestr("made-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: b\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("made-1.0.dist-info/RECORD", "")
    return name
""")
PY
echo "before: $GREETING $SOURCE_VERSION $STACK $(cat "$ENV_DIR/GREETING") $BUILD_DIR" > made-before.txt`),
    // Says all that it knows.
    "bin/post_compile": hook(`python -c 'import made, six; print(made.SEEN, six.__version__)' > made-after.txt
mkdir -p .profile.d && echo 'export FROM_PROFILE=1' > .profile.d/own.sh
set -x; env | sort; echo "$API_TOKEN"; cat $ENV_DIR/*; umask 077; touch private; pip --version`),
  });
  ground.lines.length = 0;
  const told = { environment, pip: "1", commit: "c".repeat(40) };
  await using watching = watchArguments();
  const { image, record } = await ground.build("hooked", source, undefined, told);
  await watching[Symbol.asyncDispose]();
  const said = watching.seen();
  assert.ok(said.includes("/usr/lib/dynoform/build"), "the command lines of the build were seen");
  assert.ok(ground.lines.includes("-----> Running bin/pre_compile hook"), ground.lines.join("\n"));
  assert.ok(ground.lines.includes("-----> Running bin/post_compile hook"));
  assert.ok(ground.lines.includes("       GREETING=hello"), "what is no secret is shown as it is");

  const files = await output(
    image,
    'cat made-before.txt made-after.txt .profile.d/own.sh; ls -l private; ls -A /tmp "$0"',
    "/run/dynoform-config",
  );
  assert.match(files, new RegExp(`^before: hello ${"c".repeat(40)} heroku-24 hello /app$`, "m"));
  assert.match(files, /^\['PIP_DEFAULT_TIMEOUT', 'PIP_DISABLE_PIP_VERSION_CHECK', 'PIP_RETRIES'\] 1\.17\.0$/m);
  assert.match(files, /^export FROM_PROFILE=1$/m);
  assert.match(files, /^-rw-rw---- /m, "a dyno may write what a hook has made");

  for (const [where, text] of Object.entries({
    log: await ground.log(record),
    lines: ground.lines.join("\n"),
    arguments: said,
    inspect: JSON.stringify(await docker.getImage(image).inspect()),
    history: JSON.stringify(await docker.getImage(image).history()),
  })) {
    assert.ok(!text.includes(SECRET), where);
  }
  // The one is there, so the other would have been found.
  assert.deepEqual(await inLayers(image, [SECRET, "made-before.txt"]), ["made-before.txt"]);

  ground.lines.length = 0;
  assert.equal((await ground.build("hooked", source, undefined, { ...told, environment: {} })).image, image);
  assert.deepEqual(ground.lines, [], "other config vars alone build nothing");
});

test("a hook that fails fails the build with what it said", async () => {
  const source = await writeSource(join(directory, "failing"), {
    "requirements.txt": "",
    "bin/post_compile": hook("echo 'no compiler' >&2; exit 3"),
  });
  await assert.rejects(ground.build("failing", source), {
    message:
      "Failed to run the bin/post_compile script. Fix the errors above, or rename the script so that it is not run " +
      "(exit status 3). The last lines:\n  no compiler",
  });
  await writeSource(source, { "bin/pre_compile": hook("exit 4") });
  await assert.rejects(
    ground.build("failing", source),
    /^Error: Failed to run the bin\/pre_compile script\..*status 4\)/,
  );
  assert.deepEqual(
    [await ground.containers(), (await ground.images()).filter((tag) => /app-failing/.test(tag))],
    [[], []],
  );
});

test("collectstatic by Heroku's rule, and what is installed is asked once", async () => {
  const settings = `import os
SECRET_KEY = os.environ["SECRET_KEY"]
INSTALLED_APPS = ["django.contrib.staticfiles"]
STATIC_URL = "static/"
STATIC_ROOT = os.path.join(os.path.dirname(__file__), "..", "staticfiles")
STATICFILES_DIRS = [os.path.join(os.path.dirname(__file__), "assets")]
`;
  const source = await writeSource(join(directory, "django"), {
    "requirements.txt": "Django>=5.2,<5.3\n",
    "site/settings.py": settings,
    "site/assets/site.css": "h1 { color: teal; }\n",
  });
  const build = (environment: Readonly<Record<string, string>>) => {
    ground.lines.length = 0;
    return ground.build("django", source, undefined, { environment });
  };
  await build({});
  assert.ok(ground.lines.includes("-----> Skipping Django collectstatic since no manage.py file found."));

  await writeSource(source, {
    "backend/manage.py": `import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "site"))
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
`,
  });
  const failed = await build({}).then(
    () => assert.fail("it was built"),
    (error: Error) => error.message,
  );
  assert.match(
    failed,
    /^Unable to generate Django static files: 'python backend\/manage\.py collectstatic --noinput' failed\. Mend what the traceback above says, or skip the step: heroku config:set DISABLE_COLLECTSTATIC=1 \(exit status 1\)\. The last lines:\n/,
  );
  assert.match(failed, /KeyError: 'SECRET_KEY'/);
  assert.ok(ground.lines.includes("-----> Using the packages of an earlier build: the requirements are the same"));

  const { image } = await build({ SECRET_KEY: "some-secret-key" });
  assert.ok(ground.lines.includes("-----> $ python backend/manage.py collectstatic --noinput"));
  assert.ok(
    ground.lines.some((line) => /^ {7}1 static file copied to '\/app\/staticfiles'/.test(line)),
    ground.lines.join("\n"),
  );
  assert.match(
    await output(image, "cat staticfiles/site.css; echo >> staticfiles/site.css && echo writable"),
    /teal[\s\S]*writable/,
  );

  await writeFile(join(source, "more"), "");
  await build({ DISABLE_COLLECTSTATIC: "1" });
  assert.ok(
    ground.lines.includes("-----> Skipping Django collectstatic since the env var DISABLE_COLLECTSTATIC is set."),
  );
});

test("corpora of NLTK are asked for by their names, and that they cannot be had fails the build", async () => {
  const source = await writeSource(join(directory, "corpora"), {
    // A downloader of our own: the real one asks a host that tests cannot count on.
    "requirements.txt": "./nltk\n",
    "nltk/pyproject.toml":
      '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n[project]\nname = "nltk"\nversion = "3.9"\n[tool.setuptools]\npackages = ["nltk"]\n',
    "nltk/nltk/__init__.py": "",
    "nltk/nltk/downloader.py": `import os, sys
_, flag, folder, *names = sys.argv
print(flag, folder, names)
if "missing" in names: sys.exit("not found in index")
os.makedirs(folder)
`,
    "nltk.txt": "stopwords\r\npunkt\r\n",
  });
  const { image } = await ground.build("corpora", source);
  assert.ok(ground.lines.includes("-----> Downloading NLTK packages: stopwords punkt"));
  assert.ok(ground.lines.includes("       -d /app/.heroku/python/nltk_data ['stopwords', 'punkt']"));
  assert.equal(await output(image, 'cd "$NLTK_DATA" && pwd'), "/app/.heroku/python/nltk_data\n");
  await writeFile(join(source, "nltk.txt"), "missing\n");
  await assert.rejects(
    ground.build("corpora", source),
    /^Error: Unable to download NLTK data: .*\n {2}.*\n {2}not found in index$/,
  );
});

/** Gathers the command lines of all processes of this host until it is stopped. */
function watchArguments(): AsyncDisposable & { seen(): string } {
  const seen = new Set<string>();
  let stopped = false;
  const watching = (async () => {
    while (!stopped) {
      for (const process of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
        seen.add(await readFile(`/proc/${process}/cmdline`, "latin1").catch(() => ""));
      }
    }
  })();
  return {
    seen: () => [...seen].join("\n"),
    async [Symbol.asyncDispose]() {
      stopped = true;
      await watching;
    },
  };
}

/** Which of some texts are in an image's layers, as `docker save` gives them. */
async function inLayers(image: string, texts: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  let before = Buffer.alloc(0);
  for await (const chunk of (await docker.getImage(image).get()) as AsyncIterable<Buffer>) {
    const data = Buffer.concat([before, chunk]);
    for (const text of texts) if (data.includes(text)) found.add(text);
    before = data.subarray(-200);
  }
  return [...found];
}

/** What a command in an image prints, as an ordinary user of the dynos' group. */
async function output(image: string, command: string, ...more: string[]): Promise<string> {
  const options: Docker.ContainerCreateOptions = {
    Image: image,
    Cmd: ["bash", "-c", command, ...more],
    User: "1048600:1048575",
    Labels: { "dynoform.platform": platform },
    Tty: true,
  };
  const container = await docker.createContainer(options);
  try {
    await container.start();
    await container.wait();
    return (await container.logs({ stdout: true, stderr: true })).toString("utf8").replaceAll("\r\n", "\n");
  } finally {
    await container.remove({ force: true, v: true });
  }
}
