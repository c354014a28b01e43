/** Constants of time whose names do not say their unit. */
import ts from "typescript";

const UNIT = /(_MS|_US|_NS|_SECONDS|_MINUTES|_HOURS|_DAYS)$/;
/** What a comment says of a time. */
const TIME = /\b(nano|micro|milli)?seconds\b|\bminutes\b/i;
/** Of something else, though it mentions times. */
const OTHER = /^\W*(Bytes|Lines|Dynos|Characters|How many|How often|So many|The port|Wildcards|Answers|Apps|Builds)\b/;
/**
 * The names of a module's constants that are numbers and times by their comment, or by being given to a timer, and that end in
 * no unit.
 */
export function unitless(text: string): string[] {
  const source = ts.createSourceFile("source.ts", text, ts.ScriptTarget.Latest);
  return source.statements.filter(ts.isVariableStatement).flatMap((statement) => {
    const [comment = ""] = (ts.getLeadingCommentRanges(text, statement.getFullStart()) ?? [])
      .slice(-1)
      .map(({ pos, end }) => text.slice(pos, end));
    const isTime = TIME.test(comment) && !OTHER.test(comment);
    return statement.declarationList.declarations.flatMap(({ name, initializer }) => {
      if (!ts.isIdentifier(name) || initializer === undefined || !isNumber(initializer)) return [];
      return !UNIT.test(name.text) && (isTime || isTimed(text, name.text)) ? [name.text] : [];
    });
  });
}

/** A number, or an expression of numbers and names. */
function isNumber(node: ts.Expression): boolean {
  if (ts.isNumericLiteral(node)) return true;
  return ts.isBinaryExpression(node) && (isNumber(node.left) || isNumber(node.right));
}

function isTimed(text: string, name: string): boolean {
  return text
    .split("\n")
    .some((line) =>
      [...line.matchAll(new RegExp(`\\b${name}\\b`, "g"))].some(({ index }) => given(line.slice(0, index))),
    );
}

/** Whether what comes next is the time that a timer is given. */
function given(before: string): boolean {
  return (
    /\b(sleep|pause|AbortSignal\.timeout)\((\w+, )?$/.test(before) || /\b(setTimeout|setInterval)\(.*, $/.test(before)
  );
}
