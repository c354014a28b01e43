/** What the documents say is there: links, anchors, commands, pages that are generated. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { reference } from "../../docs/reference/generate.ts";
import { packageRoot } from "../../lib/package-root.ts";

const root = packageRoot();
const documents = globSync("**/*.md", {
  cwd: root,
  exclude: (name) => /(^|\/)(node_modules|dist|\.git|\.dynoform)$/.test(name),
});
const text = (file: string) => readFileSync(join(root, file), "utf8");

/** A document without what stands in code. */
function prose(file: string): string {
  return text(file)
    .replace(/^(```|~~~)[\s\S]*?^\1/gm, "")
    .replace(/`[^`\n]*`/g, "");
}

/** What GitHub makes of a document's headings. */
function anchors(file: string): Set<string> {
  const found = new Map<string, number>();
  const headings = text(file)
    .replace(/^(```|~~~)[\s\S]*?^\1/gm, "")
    .matchAll(/^#{1,6} +(.*?) *#*$/gm);
  return new Set(
    [...headings].map(([, heading = ""]) => {
      const slug = heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\p{M} _-]/gu, "")
        .replaceAll(" ", "-");
      const before = found.get(slug) ?? 0;
      found.set(slug, before + 1);
      return before === 0 ? slug : `${slug}-${before}`;
    }),
  );
}

test("every link within the repository leads to a file, and to a heading where it names one", () => {
  assert.ok(documents.length > 40, `${documents.length} documents`);
  let followed = 0;
  const broken = documents.flatMap((file) =>
    [...prose(file).matchAll(/\]\(([^()\s]+(?:\([^()]*\))?[^()\s]*)\)/g)].flatMap(([, link = ""]) => {
      if (/^[a-z][a-z+.-]*:/i.test(link)) return /^(https|mailto):/.test(link) ? [] : [`${file}: ${link} is not https`];
      followed++;
      const [path = "", anchor] = link.split("#", 2);
      const target = path === "" ? file : relative(root, join(root, dirname(file), decodeURI(path)));
      if (target.startsWith("..") || !existsSync(join(root, target))) return [`${file}: ${link} is not there`];
      if (anchor === undefined) return [];
      if (statSync(join(root, target)).isDirectory() || !target.endsWith(".md"))
        return [`${file}: ${link} has no headings`];
      return anchors(target).has(anchor) ? [] : [`${file}: ${target} has no heading #${anchor}`];
    }),
  );
  assert.deepEqual(broken, []);
  assert.ok(followed > 60, `${followed} links`);
});

test("the links of this test's own", () => {
  assert.ok(anchors("docs/architecture/deploys.md").has("no-worse"));
  assert.ok(anchors("docs/architecture/deploys.md").has("an-up"));
  assert.ok(!anchors("docs/architecture/deploys.md").has("No worse"));
});

test("every script that a document runs is there", () => {
  const { scripts } = JSON.parse(text("package.json"));
  const named = documents
    .filter((file) => !file.startsWith("engine/"))
    .flatMap((file) => [...text(file).matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = ""]) => ({ file, name })));
  assert.ok(named.length > 10);
  assert.deepEqual(
    named.filter(({ name }) => !Object.hasOwn(scripts, name)),
    [],
  );
});

test("the folders' own READMEs are there and short", () => {
  for (const folder of "bench cli docs examples images infra lib model provider services sources stacks test".split(
    " ",
  )) {
    const lines = text(join(folder, "README.md")).trimEnd().split("\n");
    assert.match(lines[0] ?? "", /^# /, folder);
    assert.ok(lines.length >= 5 && lines.length <= 20, `${folder}/README.md has ${lines.length} lines`);
  }
});

test("the decision records are all listed, and each says what it was taken instead of", () => {
  const list = text("docs/adr/README.md");
  const records = globSync("docs/adr/0*.md", { cwd: root });
  assert.ok(records.length >= 10);
  for (const file of records) {
    assert.ok(list.includes(`(${file.split("/").at(-1)})`), `${file} is not listed`);
    for (const part of ["Context", "Decision", "Instead of", "Consequences"]) {
      assert.ok(text(file).includes(`**${part}.**`), `${file} has no ${part}`);
    }
  }
});

test("the architecture is read in ten minutes", () => {
  const words = text("docs/architecture.md").split(/\s+/).length;
  assert.ok(words <= 2500, `docs/architecture.md has ${words} words; move details to docs/architecture/`);
});

for (const [name, wanted] of Object.entries(reference())) {
  test(`docs/reference/${name} is what the comments say; else: npm run reference`, () => {
    assert.equal(text(join("docs/reference", name)), wanted);
  });
}
