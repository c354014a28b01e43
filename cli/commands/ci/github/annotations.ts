import type { Report, StackReport } from "../report.ts";

/** Lines that GitHub Actions makes annotations of, at the lines of the stack files. */
export function annotations({ stacks }: Report): string[] {
  return stacks.flatMap((stack) => [
    ...(stack.error === undefined ? [] : [command("error", stack, "the preview failed", stack.error)]),
    ...stack.denied.map(({ rule, planned }) =>
      command("error", stack, `${rule} is denied`, `This would ${planned.act} ${planned.name}.`),
    ),
    ...stack.planned
      .filter(({ loses, urn }) => loses !== undefined && !stack.denied.some(({ planned }) => planned.urn === urn))
      .map(({ loses, name, act }) =>
        command(
          "warning",
          stack,
          "data would be lost",
          `This would ${act} the ${loses} ${name} and lose what is stored in it.`,
        ),
      ),
  ]);
}

function command(level: "error" | "warning", { file, line }: StackReport, title: string, message: string): string {
  return `::${level} file=${property(file)},line=${line},title=${property(title)}::${data(message)}`;
}

/** As the runner reads it: https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts */
function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
