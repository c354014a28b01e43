/** The engine is a package of its own: it knows nothing of what is around it, and needs nothing of it. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative } from "node:path";
import { before, test } from "node:test";
import ts from "typescript";
import { packageRoot } from "../../lib/package-root.ts";

const engine = join(packageRoot(), "engine");
const manifest = JSON.parse(readFileSync(join(engine, "package.json"), "utf8"));
let files: string[];

before(() => {
  const built = /(^|\/)(node_modules|dist)$/;
  const entries = globSync("**/*", { cwd: engine, withFileTypes: true, exclude: (entry) => built.test(entry.name) });
  files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(engine, join(entry.parentPath, entry.name)));
  assert.ok(files.length > 100);
});

test("no word in it is of the platform that it was made for", () => {
  const found = files.flatMap((file) => {
    const text = `${file}\n${readFileSync(join(engine, file), "utf8")}`.replaceAll(manifest.name, "");
    return [...text.matchAll(/.*(heroku|dyno).*/gi)].map(([line]) => `${file}: ${line.trim()}`);
  });
  assert.deepEqual(found, []);
});

test("it imports its own files, and the packages that its package.json names", () => {
  const packages = { ...manifest.dependencies, ...manifest.peerDependencies };
  const used = new Set<string>();
  const wrong: string[] = [];
  for (const file of files.filter((it) => /^(bin|src|providers)\/.*\.m?[jt]s$/.test(it))) {
    for (const specifier of importsOf(join(engine, file))) {
      const name = /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? "";
      if (specifier.startsWith(".")) {
        if (relative(engine, join(engine, dirname(file), specifier)).startsWith(".."))
          wrong.push(`${file}: ${specifier}`);
      } else if (Object.hasOwn(packages, name)) used.add(name);
      else if (!isBuiltin(specifier)) wrong.push(`${file}: ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(Object.keys(packages).sort(), [...used].sort(), "it names no others");
});

test("its dependencies have one version each, which is the repository's own", () => {
  const own = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
  for (const [name, version] of Object.entries(manifest.dependencies)) {
    assert.equal(version, own.dependencies[name], name);
  }
  assert.equal(manifest.peerDependencies["@pulumi/pulumi"], `^${own.dependencies["@pulumi/pulumi"]}`);
});

test("its examples ask for the versions that they are tested with", () => {
  const own = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
  const versions = { ...own.dependencies, [manifest.name]: manifest.version };
  const examples = files.filter((file) => /^examples\/[^/]+\/package\.json$/.test(file));
  assert.equal(examples.length, 2);
  for (const file of examples) {
    const { dependencies, devDependencies = {} } = JSON.parse(readFileSync(join(engine, file), "utf8"));
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      assert.equal(version, versions[name], `${name} in ${file}`);
    }
  }
});

/** What a module imports: statically, when it is needed, or by `createRequire`. */
function importsOf(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const named =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : undefined;
    if (named && ts.isStringLiteral(named)) found.push(named.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
