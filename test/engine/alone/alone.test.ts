/** The engine without the rest of the repository: who has only its package and README gets by with them. */
import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { packageRoot } from "../../../lib/package-root.ts";
import { installEngine, packEngine, pinned, typecheck } from "../../support/engine-package.ts";
import { ran } from "../../support/process.ts";
import { blocksOf } from "../../support/walkthrough.ts";

const engine = join(packageRoot(), "engine");
let ground: string;
let folder: string;
let tarball: string;

before(async () => {
  ground = await mkdtemp(join(tmpdir(), "engine-alone-"));
  folder = join(ground, "empty");
  await mkdir(folder);
  tarball = await packEngine(ground);
});
after(() => rm(ground, { recursive: true, force: true }));

/** Nothing of this repository, and nothing that its user has set for Pulumi; but the authorities that the machine trusts. */
function environment(): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    ([key, value]) => value !== undefined && !/^(PULUMI_|NODE_(?!EXTRA_CA_CERTS$)|npm_)/.test(key),
  );
  const path = [dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(":");
  return {
    ...Object.fromEntries(inherited),
    PATH: path,
    PULUMI_HOME: join(ground, "home"),
    npm_config_prefer_offline: "true",
  };
}

/** Types a block into the one shell that a reader has: what one exports the next has. */
async function type(text: string): Promise<string> {
  const env = { ...environment(), BASH_ENV: join(ground, "exported") };
  const { exitCode, output, errors } = await ran(["bash", "-euc", `${text}\nexport -p >"$BASH_ENV"`], {
    cwd: folder,
    env,
  });
  assert.equal(exitCode, 0, `${text}\n${output}${errors}`);
  return output;
}

test("a reader of the README brings a program up, changes, tests, embeds and destroys it", async (t) => {
  const started = performance.now();
  const outputs: string[] = [];
  await writeFile(join(ground, "exported"), "");
  const blocks = blocksOf(await readFile(join(engine, "README.md"), "utf8"));
  for (const block of blocks) {
    if (block.kind === "shell") {
      // It is not published, and what is tested is this version of the SDK.
      const packed = block.text.replace(
        "npm install @dynoform/engine @pulumi/pulumi",
        `npm install ${tarball} ${pinned("@pulumi/pulumi")}`,
      );
      outputs.push(await type(packed));
      continue;
    }
    await mkdir(dirname(join(folder, block.path)), { recursive: true });
    await writeFile(join(folder, block.path), block.text);
  }
  t.diagnostic(`${Math.round((performance.now() - started) / 1000)} s, from an empty folder to the end`);

  const expected = [
    [],
    ["+ 4 created", "<h1>Good morning</h1>"],
    ["~ 1 to update", "~ 1 updated", "<h1>Good evening</h1>"],
    ["- 4 deleted"],
    ["pass 4\n", "fail 0\n"],
    ["home: 'customer-1/index.html'", "create: 3"],
    ["create: 3"],
    ["+ 4 created", "- 4 deleted"],
  ];
  assert.equal(outputs.length, expected.length);
  for (const [index, lines] of expected.entries()) {
    for (const line of lines) assert.ok(outputs[index]?.includes(line), `${line}:\n${outputs[index]}`);
  }
  for (const made of ["public", "customer-1", "automated"]) assert.deepEqual(await readdir(join(folder, made)), []);
  await typecheck(folder, ["files/index.ts", "index.ts", "site.test.ts", "service.ts", "automation.ts"]);
});

test("the component library is tested by the kit", async () => {
  const example = join(folder, "component-library");
  await cp(join(folder, "node_modules", "@dynoform", "engine", "examples", "component-library"), example, {
    recursive: true,
  });
  await installEngine(folder, tarball, ["@pulumi/pulumi", "@pulumi/docker"]);
  const { exitCode, output } = await ran(["npm", "test"], { cwd: example, env: environment() });
  assert.equal(exitCode, 0, output);
  assert.match(output, /pass 7\n/);
  await typecheck(example, ["web-service.test.ts"]);
});
