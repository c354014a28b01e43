import ts from "typescript";

/** What waits for time, by the names that Node gives it. */
const TIMERS = new Set(["setTimeout", "setInterval", "scheduler.wait", "Atomics.wait", "watchFile", "fs.watchFile"]);
const MODULES = new Set(["timers", "timers/promises"]);

/** Where a program's text waits for time: the functions around each place, as `outer.inner`; "" is the module itself. */
export function timersIn(text: string): string[] {
  const source = ts.createSourceFile("source.ts", text, ts.ScriptTarget.Latest, true);
  const timers = new Set([...TIMERS, ...importedTimers(source)]);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return;
    if (timers.has(nameOf(node))) found.push(place(node));
    else if (ts.isPropertyAccessExpression(node)) visit(node.expression);
    else ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Names under which a file knows functions of Node's modules of timers. */
function importedTimers(source: ts.SourceFile): string[] {
  return source.statements.filter(ts.isImportDeclaration).flatMap(({ moduleSpecifier, importClause }) => {
    const module = (moduleSpecifier as ts.StringLiteral).text.replace(/^node:/, "");
    const bindings = importClause?.namedBindings;
    if (!MODULES.has(module)) return [];
    const all = [...TIMERS, "setTimeout", "setInterval"];
    const whole = [importClause?.name, bindings && ts.isNamespaceImport(bindings) ? bindings.name : undefined];
    return [
      ...whole.flatMap((name) => (name === undefined ? [] : all.map((timer) => `${name.text}.${timer}`))),
      ...(bindings && ts.isNamedImports(bindings)
        ? bindings.elements
            .filter(({ name, propertyName }) => (propertyName ?? name).text !== "setImmediate")
            .flatMap(({ name }) => [name.text, `${name.text}.wait`])
        : []),
    ];
  });
}

/** `name` or `object.name`; globalThis goes without saying. */
function nameOf(node: ts.Node): string {
  if (ts.isIdentifier(node)) return node.text;
  if (!ts.isPropertyAccessExpression(node)) return "";
  const object = nameOf(node.expression);
  return object === "globalThis" ? node.name.text : `${object}.${node.name.text}`;
}

function place(node: ts.Node): string {
  const names: string[] = [];
  for (let around = node.parent; around !== undefined; around = around.parent) {
    if (ts.isFunctionDeclaration(around) || ts.isMethodDeclaration(around) || ts.isClassDeclaration(around)) {
      names.unshift(around.name?.getText() ?? "");
    }
  }
  return names.join(".");
}
