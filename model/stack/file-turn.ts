import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../lib/errors.ts";
import { ownIdentity } from "../../lib/process-identity.ts";
import { takeTurn } from "../../lib/turns.ts";

/** How long an edit may take, in milliseconds: beyond that, one whose process cannot be looked up has ended. */
const MAX_EDIT_MS = 60_000;
const TURN_TIMEOUT_MS = 90_000;
/** After this one looks again for what others left behind. */
const LOOK_EVERY_MS = 2_000;

/**
 * Waits for the turn to edit a stack's file, among the processes of the host, the runner and the control plane. Those
 * of the host and the runner see whether another has ended; the control plane's, in a pid namespace of its own, is
 * known by its name and by how long it takes.
 */
export async function takeFile(project: string, stack: string, editor = ""): Promise<AsyncDisposable> {
  const folder = join(project, ".dynoform", "edits", stack);
  for (const end = Date.now() + TURN_TIMEOUT_MS; Date.now() < end; ) {
    await removeAbandoned(folder, editor);
    const soon = AbortSignal.timeout(LOOK_EVERY_MS);
    try {
      return await takeTurn(folder, editor, () => {}, soon);
    } catch (error) {
      if (!soon.aborted) throw error;
    }
  }
  throw new UserError(`the stack file of ${stack} is being edited by somebody else; what holds it lies in ${folder}`);
}

async function removeAbandoned(folder: string, editor: string): Promise<void> {
  const { pidNamespace } = await ownIdentity();
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const ticket = await readFile(path, "utf8").then(parse, () => undefined);
    if (ticket === undefined || ticket.pidNamespace === pidNamespace) continue;
    const ours = editor !== "" && ticket.what === editor;
    const age =
      Date.now() -
      (await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => Date.now(),
      ));
    if (ours || age > MAX_EDIT_MS) await rm(path, { force: true });
  }
}

function parse(text: string): { pidNamespace?: string; what?: string } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
