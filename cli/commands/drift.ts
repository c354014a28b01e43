import Docker from "dockerode";
import { lastChange } from "../../lib/docker/changed.ts";
import { UserError } from "../../lib/errors.ts";
import { findProject, readStackFiles } from "../../model/stack/project.ts";
import { Engine } from "../../services/stacks/engine.ts";
import { type Drift, driftOf, READ_AGAIN } from "../../services/stacks/plan/drift.ts";
import { print, table } from "../output.ts";
import { shortType } from "./ci/markdown.ts";
import type { Command } from "./command.ts";

export const driftCommand: Command = {
  summary: "show what was changed by hand: what is declared, and what is there",
  help: `Usage: dynoform drift [STACK…] [--json] [--accept]

Reads what is there and compares it with what the stack files declare, a row for each difference. Dynos that sleep, restarts
and one-off dynos are no differences. \`pulumi up --refresh\` puts right what differs; --accept takes what is there into the
state instead, where nothing declares it otherwise. Who changed something, Docker does not record; when a service was changed
last and when a container was stopped, it does.

Exit codes: 0 all is as it is declared; 2 it is not; 1 it cannot be told.
`,
  options: { json: { type: "boolean" }, accept: { type: "boolean" } },
  positionals: "arguments",
  misuse: 1,
  async run(values, asked) {
    const project = await findProject(process.cwd());
    const files = await readStackFiles(project);
    const stacks = files.map(({ stack }) => stack).filter((stack) => asked.length === 0 || asked.includes(stack));
    const unknown = asked.find((stack) => !stacks.includes(stack));
    if (unknown !== undefined) throw new UserError(`there is no stack file of ${unknown} here.`);
    const engine = new Engine({ directory: project.directory, display: () => {} });
    const docker = new Docker();
    const found: Record<string, readonly Drift[]> = {};
    for (const stack of stacks) {
      const { planned = [], warnings } = await engine.preview(stack, [READ_AGAIN]);
      for (const warning of warnings) process.stderr.write(`${stack}: ${warning}\n`);
      // Elsewhere than on the host there is another Docker, or none.
      found[stack] = await driftOf(planned, (kind, id) => lastChange(docker, kind, id).catch(() => undefined));
      if (values.accept === true && found[stack].length > 0) await engine.refresh(stack);
    }
    print(values.json === true ? JSON.stringify(found, null, 2) : driftText(found));
    return Object.values(found).every((rows) => rows.length === 0) ? 0 : 2;
  },
};

function driftText(found: Readonly<Record<string, readonly Drift[]>>): string {
  const rows = Object.entries(found).flatMap(([stack, drifts]) =>
    drifts.map(({ type, name, path = "", declared, there, changedAt = "" }) => [
      stack,
      `${shortType(type)} ${name}`,
      path,
      declared,
      there,
      changedAt,
    ]),
  );
  if (rows.length === 0) return "All is as it is declared.";
  return table([["Stack", "Resource", "Property", "Declared", "There", "Last changed"], ...rows]);
}
