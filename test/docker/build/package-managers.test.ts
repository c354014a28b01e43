import assert from "node:assert/strict";
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { buildGround } from "./ground.ts";
import { writeSource } from "./sources.ts";

const ground = await buildGround();
after(() => ground[Symbol.asyncDispose]());
const { docker, directory } = ground;

const PROJECT = `[project]
name = "locked"
version = "1"
requires-python = ">=3.11"
dependencies = ["six==1.17.0"]
`;

/** What uv 0.13 and Poetry 2.5 write for it. */
const UV_LOCK = `version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "locked"
version = "1"
source = { virtual = "." }
dependencies = [
    { name = "six" },
]

[package.metadata]
requires-dist = [{ name = "six", specifier = "==1.17.0" }]

[[package]]
name = "six"
version = "1.17.0"
source = { registry = "https://pypi.org/simple" }
wheels = [
    { url = "https://files.pythonhosted.org/packages/b7/ce/149a00dd41f10bc29e5921b496af8b574d8413afcd5e30dfa0ed46c2cc5e/six-1.17.0-py2.py3-none-any.whl", hash = "sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274", size = 11050 },
]
`;
const POETRY_LOCK = `[[package]]
name = "six"
version = "1.17.0"
description = "Python 2 and 3 compatibility utilities"
optional = false
python-versions = ">=2.7, !=3.0.*, !=3.1.*, !=3.2.*"
groups = ["main"]
files = [
    {file = "six-1.17.0-py2.py3-none-any.whl", hash = "sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274"},
    {file = "six-1.17.0.tar.gz", hash = "sha256:ff70335d468e7eb6ec65b95b99d3a2836546063f63acc5171de367e834932a81"},
]

[package.source]
type = "legacy"
url = "https://pypi.org/simple"
reference = "simple"

[metadata]
lock-version = "2.1"
python-versions = ">=3.11"
content-hash = "30742f65f15230f28c829237990ada1d0c4f1c38f0e2959776103904efaab7f6"
`;
// An index of packages' pages alone, such as many private ones are.
const POETRY = `
[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "simple"
url = "https://pypi.org/simple/"
priority = "primary"
`;

const OWN = "import six, shutil, sys; print(six.__version__, *map(shutil.which, ['uv', 'poetry']), sys.prefix)";

test("uv installs what its lock names and is not in the image; a line of code costs no installing", async () => {
  const source = await writeSource(join(directory, "by-uv"), {
    ".python-version": "3.13.1\n",
    "pyproject.toml": PROJECT,
    "uv.lock": UV_LOCK,
  });
  const { image } = await ground.build("by-uv", source);
  assert.ok(ground.lines.some((line) => line.startsWith("-----> Installing packages: uv sync --locked ")));
  assert.ok(ground.lines.includes("        + six==1.17.0"), ground.lines.join("\n"));
  assert.equal(await output(image, OWN), "1.17.0 None None /opt/venv\n");
  ground.lines.length = 0;
  await writeFile(join(source, "app.py"), "");
  await ground.build("by-uv", source);
  assert.ok(ground.lines.includes("-----> Using the packages of an earlier build: the requirements are the same"));

  await appendFile(join(source, "pyproject.toml"), "\n[project.optional-dependencies]\nx = ['six']\n");
  await assert.rejects(ground.build("by-uv", source), /could not be installed[\s\S]*needs to be updated/);
});

test("uv installs the project itself where it is a package", async () => {
  const source = await writeSource(join(directory, "own"), {
    ".python-version": "3.13\n",
    "pyproject.toml": `${PROJECT.replace('["six==1.17.0"]', "[]")}
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
`,
    "backend.py": `import zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{folder}/locked-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("six.py", "__version__ = 'own'")
        wheel.writestr("locked-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: locked\\nVersion: 1\\n")
        wheel.writestr("locked-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("locked-1.dist-info/RECORD", "six.py,,\\nlocked-1.dist-info/METADATA,,\\nlocked-1.dist-info/WHEEL,,\\nlocked-1.dist-info/RECORD,,\\n")
    return "locked-1-py3-none-any.whl"
`,
    "uv.lock":
      'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n\n[[package]]\nname = "locked"\nversion = "1"\nsource = { editable = "." }\n',
  });
  const { image } = await ground.build("own", source);
  assert.equal(await output(image, OWN), "own None None /opt/venv\n");
});

test("Poetry installs what its lock names and is not in the image", async () => {
  const source = await writeSource(join(directory, "by-poetry"), {
    ".python-version": "3.13\n",
    "pyproject.toml": `${PROJECT}${POETRY}`,
    "poetry.lock": POETRY_LOCK,
  });
  const { image } = await ground.build("by-poetry", source);
  assert.ok(ground.lines.some((line) => line.startsWith("-----> Installing packages: poetry sync --only main ")));
  assert.equal(await output(image, OWN), "1.17.0 None None /opt/venv\n");
});

/** What a piece of Python prints in an image. */
async function output(image: string, script: string): Promise<string> {
  const container = await docker.createContainer({
    Image: image,
    Cmd: ["python", "-c", script],
    User: "1048600",
    Tty: true,
  });
  try {
    await container.start();
    await container.wait();
    const log = await container.logs({ stdout: true, stderr: true });
    return log.toString("utf8").replaceAll("\r\n", "\n");
  } finally {
    await container.remove({ force: true, v: true });
  }
}
