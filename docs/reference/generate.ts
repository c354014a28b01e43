/**
 * Writes components.md, stack-files.md and the stack files' JSON Schema from the types and comments in infra/ and model/,
 * or tells what they would be.
 *
 * Usage: npm run reference
 */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { packageRoot } from "../../lib/package-root.ts";
import { POSTGRES_PLANS } from "../../model/app/postgres-plans.ts";
import { DYNO_SIZES } from "../../model/app/sizes.ts";
import { stackFileSchema } from "./schema.ts";

interface Field {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
  readonly text: string;
  readonly standard: string | undefined;
  /** Its own fields, where its type is written out in place. */
  readonly fields: readonly Field[];
}

const root = packageRoot();
const interfaces = new Map<string, ts.InterfaceDeclaration>();
const classes = new Map<string, ts.ClassDeclaration>();

/** What is written, by its files' names. */
export function reference(): Record<string, string> {
  for (const file of globSync("{infra,model}/**/*.ts", { cwd: root }).sort()) {
    const source = ts.createSourceFile(file, readFileSync(join(root, file), "utf8"), ts.ScriptTarget.Latest, true);
    source.forEachChild((node) => {
      if (ts.isInterfaceDeclaration(node)) interfaces.set(node.name.text, node);
      if (ts.isClassDeclaration(node) && node.name !== undefined) classes.set(node.name.text, node);
    });
  }
  return {
    "components.md": components(),
    "stack-files.md": stackFiles(),
    "stack-file.schema.json": stackFileSchema(),
  };
}

const GENERATED = "<!-- Written by `npm run reference` from the comments in infra/ and model/. Change those. -->";

function components(): string {
  const names = exported().filter((name) =>
    classes.get(name)?.heritageClauses?.[0]?.getText().includes("ComponentResource"),
  );
  const shown = [
    ...names,
    ...exported().filter((name) => interfaces.has(name) && !names.some((of) => name === `${of}Args`)),
  ];
  return page("Components", [
    'The components of `import { … } from "dynoform"`, what they take, and what they give.',
    ...names.map((name) => {
      const node = classes.get(name) as ts.ClassDeclaration;
      const outputs = node.members
        .filter(ts.isPropertyDeclaration)
        .filter((member) => !ts.isPrivateIdentifier(member.name));
      return [
        `## ${name}`,
        textOf(node),
        ...examples(node),
        "### Arguments",
        table(fieldsOf(`${name}Args`), shown),
        "### Properties",
        table(outputs.map(toField), shown, false),
      ].join("\n\n");
    }),
    ...shown
      .filter((name) => interfaces.has(name))
      .map((name) =>
        [`## ${name}`, textOf(interfaces.get(name)), ...examples(interfaces.get(name)), table(fieldsOf(name), shown)]
          .filter(Boolean)
          .join("\n\n"),
      ),
  ]);
}

function stackFiles(): string {
  const nested = [
    ...["SourceSettings", "FormationSettings", "AddonSettings", "AttachSettings", "HealthCheckSettings"],
    ...[
      "PortSettings",
      "MemoryLimit",
      "SleepSettings",
      "NapSettings",
      "CycleSettings",
      "HoursSettings",
      "ReleaseSettings",
    ],
    ...["BackupSettings", "AccountSettings", "GitHubSettings", "LinkedAppSettings"],
  ];
  const shown = [...nested, "DynoSizeName", "PostgresPlan"];
  return page("Stack files", [
    "What stands below `config:` of a `stacks/Pulumi.<stack>.yaml`. Which of the first four keys is there says what kind of stack it is.",
    `## dynoform:app\n\n${table([PLATFORM, ...fieldsOf("AppSettings")], shown)}`,
    `## dynoform:platform\n\n${table(fieldsOf("PlatformSettings"), shown)}`,
    `## dynoform:github\n\n${table([PLATFORM, ...fieldsOf("GitHubLinkSettings")], shown)}`,
    `## dynoform:pipeline\n\n${table([PLATFORM, ...fieldsOf("PipelineSettings")], shown)}`,
    "## dynoform:config\n\nAn app's config vars: names to texts, plain or secure values. Whole numbers and booleans are taken as they print.",
    "## dynoform:github-auth\n\nBy what GitHub lets the platform in, a secure value: `token`, or `app` with `id`, `installation` and `pem`.",
    "## dynoform:review-config and dynoform:test-config\n\nConfig vars of a pipeline's review apps and of its test runs, as `dynoform:config` has an app's.",
    "## dynoform:key\n\nA secure value that keys the names of dynos; whoever makes the file writes it.",
    sizes(),
    plans(),
    ...nested.map((name) =>
      [`## ${name}`, textOf(interfaces.get(name)), table(fieldsOf(name), shown)].filter(Boolean).join("\n\n"),
    ),
  ]);
}

function sizes(): string {
  const rows = Object.entries(DYNO_SIZES).map(([name, { memory, nanoCpus, processes, concurrency }]) => {
    const cores = nanoCpus === undefined ? "all" : nanoCpus / 1e9;
    return `| \`${name}\` | ${memory / 1024 ** 2} | ${cores} | ${processes} | ${concurrency} |`;
  });
  const head = ["| size | MiB of memory | cores | processes | `WEB_CONCURRENCY` |", "| --- | --- | --- | --- | --- |"];
  return ["## DynoSizeName", "", ...head, ...rows].join("\n");
}

function plans(): string {
  const rows = Object.entries(POSTGRES_PLANS).map(([name, { connections }]) => `| \`${name}\` | ${connections} |`);
  return ["## PostgresPlan", "", "| plan | connections |", "| --- | --- |", ...rows].join("\n");
}

const PLATFORM: Field = {
  name: "platform",
  type: "string",
  optional: true,
  text: "The stack of the platform that serves it.",
  standard: '"platform"',
  fields: [],
};

function page(title: string, parts: readonly string[]): string {
  return `${[`# ${title}`, GENERATED, ...parts].join("\n\n").replace(/\n{3,}/g, "\n\n")}\n`;
}

/** What `infra/index.ts` exports, in its order. */
function exported(): string[] {
  const text = readFileSync(join(root, "infra/index.ts"), "utf8");
  return [...text.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, list = ""]) =>
    list
      .split(",")
      .map((name) => name.replace(/\btype\b/, "").trim())
      .filter((name) => name !== ""),
  );
}

/** @param shown headings of the page, which types are linked to @param defaults whether there can be any */
function table(fields: readonly Field[], shown: readonly string[], defaults = true): string {
  const rows = flat(fields, "").map(({ name, type, optional, text, standard }) => {
    const linked = escaped(type).replace(/\b[A-Z]\w+\b/g, (word) =>
      shown.includes(word) ? `</code>[<code>${word}</code>](#${word.toLowerCase()})<code>` : word,
    );
    const said = standard === undefined ? (optional ? "" : "required") : standard;
    return `| \`${name}\` | <code>${linked}</code> | ${cell(text)} |${defaults ? ` ${cell(said)} |` : ""}`.replaceAll(
      "<code></code>",
      "",
    );
  });
  if (rows.length === 0) return "None.";
  const head = defaults
    ? ["| name | type | what | default |", "| --- | --- | --- | --- |"]
    : ["| name | type | what |", "| --- | --- | --- |"];
  return [...head, ...rows].join("\n");
}

/** Fields with those of types that are written out in place. */
function flat(fields: readonly Field[], before: string): Field[] {
  return fields.flatMap((field) => {
    const name = `${before}${field.name}`;
    if (field.fields.length === 0) return [{ ...field, name }];
    return [{ ...field, name, type: "map" }, ...flat(field.fields, `${name}.`)];
  });
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("|", "\\|");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ").trim();
}

/** An interface's own fields, and those of what it extends. */
function fieldsOf(name: string): Field[] {
  const node = interfaces.get(name);
  if (node === undefined) return [];
  const own = node.members.filter(ts.isPropertySignature).map(toField);
  const inherited = (node.heritageClauses ?? []).flatMap(({ types }) =>
    types.flatMap(({ expression, typeArguments = [] }) => {
      const base = expression.getText();
      if (base !== "Omit" && base !== "Pick") return fieldsOf(base);
      const names = typeArguments[1]?.getText() ?? "";
      return fieldsOf(typeArguments[0]?.getText() ?? "").filter(
        (field) => names.includes(`"${field.name}"`) === (base === "Pick"),
      );
    }),
  );
  return [...own, ...inherited.filter((field) => !own.some((other) => other.name === field.name))];
}

function toField(node: ts.PropertySignature | ts.PropertyDeclaration): Field {
  const literal = node.type !== undefined && ts.isTypeLiteralNode(node.type) ? node.type : undefined;
  return {
    name: node.name.getText(),
    type: (node.type?.getText() ?? "")
      .replaceAll("readonly ", "")
      .replace(/\s+/g, " ")
      .replace(/^Readonly<Record<string, (.*)>>$/, "{ [name]: $1 }"),
    optional: node.questionToken !== undefined,
    text: textOf(node),
    standard: tags(node, "default")[0],
    fields: literal?.members.filter(ts.isPropertySignature).map(toField) ?? [],
  };
}

function examples(node: ts.Node | undefined): string[] {
  return node === undefined ? [] : tags(node, "example").map((example) => `\`\`\`ts\n${example}\n\`\`\``);
}

function textOf(node: ts.Node | undefined): string {
  const [doc] = node === undefined ? [] : ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  return plain(doc?.comment);
}

function tags(node: ts.Node, name: string): string[] {
  return ts
    .getJSDocTags(node)
    .filter(({ tagName }) => tagName.text === name)
    .map(({ comment }) => plain(comment));
}

/** A comment without its links, which lead into the code. */
function plain(comment: string | ts.NodeArray<ts.JSDocComment> | undefined): string {
  if (comment === undefined || typeof comment === "string") return (comment ?? "").trim();
  return comment
    .map((part) => (ts.isJSDocLink(part) ? `\`${part.name?.getText() ?? ""}${part.text}\`` : part.text))
    .join("")
    .trim();
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(reference())) writeFileSync(join(root, "docs/reference", name), text);
}
