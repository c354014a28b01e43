/** The TypeScript of the documents and comments compiles, as a reader would paste it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { packageRoot } from "../../lib/package-root.ts";

const root = packageRoot();
const DOCUMENTS = ["README.md", "docs/reference/components.md"];

/** What examples take for granted. */
const AROUND = `
import { App, ConfigVars, Dyno, Formation, GitHubLink, Pipeline, Platform, PostgresAddon, PostgresAttachment } from "../../infra/index.ts";
`;
const GIVEN: Readonly<Record<string, string>> = {
  platform: 'declare const platform: import("../../infra/index.ts").PlatformConnection;',
  shop: 'declare const shop: import("../../infra/index.ts").App;',
  image: "declare const image: string;",
  token: "declare const token: string;",
};

/** A block as a module: with imports and values that it does not bring along. */
function moduleOf(block: string): string {
  const given = Object.entries(GIVEN).filter(([name]) => !new RegExp(`\\bconst ${name}\\b`).test(block));
  const own = /^import .* from "dynoform";$/m;
  const text = own.test(block)
    ? block.replace(own, (line) => line.replace("dynoform", "../../infra/index.ts"))
    : AROUND + block;
  return [text, ...given.map(([, line]) => line), "export {};"].join("\n");
}

test("every block of TypeScript in the documents, and so every @example, compiles", () => {
  const modules = new Map<string, { readonly text: string; readonly block: string }>();
  for (const document of DOCUMENTS) {
    const blocks = readFileSync(join(root, document), "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm);
    for (const [index, [, block = ""]] of [...blocks].entries()) {
      modules.set(join(root, "test/checks", `${document.replaceAll("/", "-")}-${index}.ts`), {
        text: moduleOf(block),
        block,
      });
    }
  }
  assert.ok(modules.size >= 10, `${modules.size} blocks`);
  const wrong = join(root, "test/checks", "wrong.ts");
  modules.set(wrong, { text: moduleOf('new App("shop", { platform, sourc: { path: "." } });'), block: "" });
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: ["program.ts"] }, ts.sys, root);
  // As Pulumi's templates have it: a database that is there by its declaration need not be asked for.
  const settings = { ...options, noUncheckedIndexedAccess: false, noUnusedLocals: false };
  const host = ts.createCompilerHost(settings);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (file) => modules.has(file) || fileExists(file);
  host.getSourceFile = (file, ...more) => {
    const own = modules.get(file);
    return own === undefined ? getSourceFile(file, ...more) : ts.createSourceFile(file, own.text, more[0]);
  };
  const program = ts.createProgram([...modules.keys()], settings, host);
  const problemsOf = (file: string) => {
    const source = program.getSourceFile(file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"),
    );
  };
  assert.match(problemsOf(wrong).join(), /'sourc' does not exist/);
  modules.delete(wrong);
  const problems = [...modules].flatMap(([file, { block }]) =>
    problemsOf(file).map((each) => `${each}\nin:\n${block}`),
  );
  assert.deepEqual(problems, []);
});
