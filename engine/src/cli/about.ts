/** `pulumi about`: what somebody who helps has to know. */
import { release } from "node:os";
import { dirname } from "node:path";
import { PULUMI_VERSION } from "../state/checkpoint.ts";
import type { Session } from "./session.ts";
import { printJson, table } from "./terminal.ts";

export async function about(session: Session): Promise<void> {
  const project = await session.projectIfAny();
  const backend = await session.backend();
  const stack = project === undefined ? undefined : await session.chosenStack();
  const resources = stack === undefined ? undefined : (await session.deploymentAsIs(stack))?.resources;
  const facts = {
    plugins: Object.keys(project?.providerPaths ?? {}).map((name) => ({ name, version: null, kind: "resource" })),
    host: { os: process.platform, version: release(), arch: process.arch },
    backend: { name: "embedded engine", url: backend.shown },
    currentStack:
      stack === undefined ? null : { name: await session.shortName(stack), resources: resources?.length ?? 0 },
    cliAbout: { version: PULUMI_VERSION, engine: "embedded", folder: dirname(dirname(import.meta.dirname)) },
    runtime: { language: "nodejs", executable: process.execPath, version: process.version },
  };
  const { terminal } = session;
  if (session.flags.isOn("json")) {
    printJson(terminal, facts);
    return;
  }
  for (const [title, given] of [
    ["Engine", facts.cliAbout],
    ["Host", facts.host],
    ["Runtime", facts.runtime],
    ["Current stack", facts.currentStack],
    ["Backend", facts.backend],
  ] as const) {
    if (given === null) continue;
    terminal.line(title);
    terminal.out(
      table(
        ["", ""],
        Object.entries(given).map(([key, value]) => [key, String(value)]),
      ).replace(/^\n/, ""),
    );
    terminal.line();
  }
}
