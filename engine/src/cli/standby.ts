/** A command that is started before it is known which it will be (see bin/pulumi.mjs): it loads what deployments need. */
import { isDeepStrictEqual } from "node:util";
import { type NodeProgram, ProgramProcess } from "../deploy/program-process.ts";
import { programOf } from "../state/project.ts";
import type { Session } from "./session.ts";

/** The program of the project here, which waits to be told what it runs for. */
let early: { readonly program: NodeProgram; readonly process: ProgramProcess } | undefined;

/** Starts the project's program. Whatever is wrong is told by the command. */
export async function prepare(session: Session): Promise<void> {
  try {
    const program = await programOf(await session.project());
    early = { program, process: new ProgramProcess(program) };
  } catch {
    // There is no project here, or none that can be run.
  }
}

/** A process of a program: the one that waits, where it is of this one. */
export function processOf(program: NodeProgram): ProgramProcess {
  const found = early;
  early = undefined;
  if (found !== undefined && isDeepStrictEqual(found.program, program) && found.process.waits) return found.process;
  void found?.process.stop();
  return new ProgramProcess(program);
}
