/** Our modules, and what they import of each other. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { packageRoot } from "../../../lib/package-root.ts";

export interface Import {
  readonly from: string;
  /** A path below the repository's root, or what a package's module is called. */
  readonly to: string;
  readonly local: boolean;
  readonly names: readonly string[];
  /** Whether it is loaded when it is wanted, by `import()`. */
  readonly lazy: boolean;
}

export interface Module {
  readonly path: string;
  readonly imports: readonly Import[];
  /** The values that it exports: types, which whoever calls a function may want to name, and what it passes on do not count. */
  readonly exports: readonly string[];
}

/** The tracked modules of the repository, examples of other packages excepted. */
export function readModules(): Module[] {
  const listing = execFileSync("git", ["ls-files", "-z", "*.ts", "*.mjs"], { cwd: packageRoot(), encoding: "utf8" });
  return listing
    .split("\0")
    .filter((path) => path !== "" && !path.startsWith("engine/examples/"))
    .map((path) => readModule(path, readFileSync(join(packageRoot(), path), "utf8")));
}

/** Reads a module's text. @param path below the repository's root */
export function readModule(path: string, text: string): Module {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const imports: Import[] = [];
  const exports: string[] = [];
  const add = (specifier: ts.Node | undefined, names: readonly string[], lazy = false) => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return;
    const { text: named } = specifier;
    const local = named.startsWith(".");
    imports.push({ from: path, to: local ? normalize(join(dirname(path), named)) : named, local, names, lazy });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const { importClause } = node;
      add(node.moduleSpecifier, importedNames(importClause));
    } else if (ts.isExportDeclaration(node)) {
      const names = node.exportClause && ts.isNamedExports(node.exportClause) ? namesIn(node.exportClause) : ["*"];
      if (node.moduleSpecifier === undefined) exports.push(...names);
      else add(node.moduleSpecifier, names);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], ["*"], true);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, [node.qualifier === undefined ? "*" : firstOf(node.qualifier)]);
    } else exports.push(...declaredNames(node));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { path, imports, exports };
}

function importedNames(clause: ts.ImportClause | undefined): string[] {
  const bindings = clause?.namedBindings;
  if (bindings !== undefined && ts.isNamespaceImport(bindings)) return ["*"];
  return [...(clause?.name === undefined ? [] : ["default"]), ...(bindings === undefined ? [] : namesIn(bindings))];
}

function namesIn(list: ts.NamedImports | ts.NamedExports): string[] {
  return list.elements.map(({ name, propertyName }) => (propertyName ?? name).text);
}

function firstOf(name: ts.EntityName): string {
  return ts.isIdentifier(name) ? name.text : firstOf(name.left);
}

function declaredNames(node: ts.Node): string[] {
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
  if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
  if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) return ["default"];
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return [];
  if (ts.isVariableStatement(node)) return node.declarationList.declarations.flatMap(({ name }) => boundNames(name));
  const { name } = node as ts.DeclarationStatement;
  return name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
}

function boundNames(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? boundNames(element.name) : []));
}
