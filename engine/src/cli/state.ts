/** `pulumi state …`: edits of what the state says, which touch nothing that is really there. */
import { type Deployment, parseCheckpoint } from "../state/checkpoint.ts";
import { withNewName, withoutResources, withProtection } from "../state/edit.ts";
import { UserError } from "../state/errors.ts";
import { contradictionOf } from "../state/integrity.ts";
import { lockStack } from "../state/lock.ts";
import type { RawResource } from "../state/resource-json.ts";
import type { Session } from "./session.ts";
import { confirm } from "./terminal.ts";

export async function stateDelete(session: Session): Promise<void> {
  const { flags, args } = session;
  const all = flags.isOn("all");
  if (all && args.length > 0) throw new UserError("cannot specify a resource URN when deleting all resources");
  const options = { dependents: flags.isOn("target-dependents"), force: flags.isOn("force") };
  await edit(session, (resources) => {
    const urns = all ? resources.map(({ urn }) => urn) : given(session);
    if (all && (options.force || !resources.some(({ protect }) => protect))) return [];
    return withoutResources(resources, urns, options);
  });
  if (all) session.terminal.line("Resources deleted");
  else session.terminal.line(args.length === 1 ? "Resource deleted" : `${args.length} resources deleted`);
}

export async function stateProtect(session: Session, protect: boolean): Promise<void> {
  const all = session.flags.isOn("all");
  await edit(session, (resources) => withProtection(resources, all ? "all" : given(session), protect));
  const what = all ? "All resources" : `${session.args.length} resources`;
  session.terminal.line(`${what} ${protect ? "protected" : "unprotected"}`);
}

export async function stateRename(session: Session): Promise<void> {
  const [urn = "", name = ""] = session.args;
  if (!/^urn:pulumi:.*?::.*?::.*?::./s.test(urn)) throw new UserError("The provided input URN is not valid");
  await edit(session, (resources) => withNewName(resources, urn, name));
  session.terminal.line("Resource renamed");
}

function given({ args }: Session): readonly string[] {
  if (args.length === 0) throw new UserError("missing required argument: resource URN");
  return args;
}

async function edit(session: Session, change: (resources: readonly RawResource[]) => RawResource[]): Promise<void> {
  const name = await session.stack();
  const { terminal } = session;
  if (terminal.interactive) {
    await confirm(terminal, session.flags.isOn("yes"), "This will edit your stack's state directly.", name.stack);
  }
  const backend = await session.backend();
  const lock = await lockStack(backend, name, (line) => terminal.error(line));
  try {
    const text = (await backend.read(name)) ?? "";
    parseCheckpoint(text);
    const file = JSON.parse(text) as { checkpoint: { latest?: Deployment } };
    const { latest } = file.checkpoint;
    const resources = change(latest?.resources ?? []);
    if (latest === undefined) return;
    const edited = { ...latest, resources };
    const contradiction = session.verifies ? contradictionOf(edited) : undefined;
    if (contradiction !== undefined) throw new UserError(`the state would make no sense after that: ${contradiction}`);
    await backend.write(name, JSON.stringify({ ...file, checkpoint: { ...file.checkpoint, latest: edited } }));
  } finally {
    await lock.release();
  }
}
