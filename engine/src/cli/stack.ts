/** `pulumi stack …`: making, choosing, listing, renaming, removing stacks; their tags. */
import { CheckpointCodec, EMPTY_SNAPSHOT, parseCheckpoint } from "../state/checkpoint.ts";
import { UserError } from "../state/errors.ts";
import { lockStack } from "../state/lock.ts";
import { renameInCheckpoint } from "../state/rename.ts";
import { moveStackConfig, removeStackConfig, stackConfigPath } from "../state/stack-config.ts";
import { qualified, type StackName } from "../state/stack-name.ts";
import { selectedStack, selectStack } from "../state/workspace.ts";
import { ago } from "./display/time.ts";
import type { Session } from "./session.ts";
import { confirm, printJson, table } from "./terminal.ts";

export async function stackInit(session: Session): Promise<void> {
  const name = await session.stackName(await givenName(session));
  const project = await session.project();
  if (name.project !== project.name) {
    throw new UserError(`could not create stack: provided project name "${name.project}" doesn't match Pulumi.yaml`);
  }
  const provider = session.flags.text("secrets-provider") ?? "passphrase";
  if (provider !== "passphrase" && provider !== "default") {
    throw new UserError(`the embedded engine knows only the secrets provider 'passphrase', not '${provider}'`);
  }
  const backend = await session.backend();
  if (await backend.exists(name)) throw new UserError(`stack '${qualified(name)}' already exists`);
  const config = await session.config(name);
  const manager = await session.ensureManager(config, undefined);
  await backend.write(name, `{"version":0,"checkpoint":{"stack":"${qualified(name)}"}}`);
  await backend.write(name, await new CheckpointCodec(qualified(name), manager).encode(EMPTY_SNAPSHOT));
  const source = session.flags.text("copy-config-from");
  if (source !== undefined) {
    const { config: values } = await session.config(await session.existing(await session.stackName(source)));
    config.replaceAll(values);
    await config.save();
  }
  if (!session.flags.isOn("no-select")) await selectStack(session.environment, project, backend.url, qualified(name));
  if (session.terminal.interactive) session.terminal.line(`Created stack '${name.stack}'`);
}

async function givenName(session: Session): Promise<string> {
  const [argument] = session.args;
  const flag = session.flags.text("stack");
  if (argument !== undefined && flag !== undefined) {
    throw new UserError("only one of --stack or argument stack name may be specified, not both");
  }
  const given = argument ?? flag ?? (session.terminal.interactive ? await session.terminal.ask("stack name: ") : "");
  if (given === "") throw new UserError("missing stack name");
  return given;
}

export async function stackSelect(session: Session): Promise<void> {
  const given = await session.stackName(await givenName(session));
  const backend = await session.backend();
  if (session.flags.isOn("create") && !(await backend.exists(given))) {
    await stackInit(session);
    return;
  }
  const name = await session.existing(given);
  await selectStack(session.environment, await session.project(), backend.url, qualified(name));
}

export async function stackUnselect(session: Session): Promise<void> {
  await selectStack(session.environment, await session.project(), (await session.backend()).url, undefined);
}

export async function stackList(session: Session): Promise<void> {
  const backend = await session.backend();
  const project = session.flags.isOn("all")
    ? undefined
    : (session.flags.text("project") ?? (await session.project()).name);
  const current = await session.chosenStack();
  const names = (await backend.list()).filter((name) => project === undefined || name.project === project);
  const summaries = await Promise.all(names.map((name) => summarize(session, name, current)));
  if (session.flags.isOn("json")) {
    printJson(session.terminal, summaries);
    return;
  }
  const rows = summaries.map(({ name, current: isCurrent, lastUpdate, resourceCount }) => [
    isCurrent ? `${name}*` : name,
    lastUpdate === undefined ? "n/a" : ago(new Date(lastUpdate)),
    resourceCount === undefined ? "n/a" : String(resourceCount),
  ]);
  session.terminal.out(table(["NAME", "LAST UPDATE", "RESOURCE COUNT"], rows));
}

interface Summary {
  name: string;
  current: boolean;
  lastUpdate?: string;
  resourceCount?: number;
}

async function summarize(session: Session, name: StackName, current: StackName | undefined): Promise<Summary> {
  const summary = {
    name: await session.shortName(name),
    current: current !== undefined && qualified(current) === qualified(name),
  };
  const text = await (await session.backend()).read(name);
  const deployment = text === undefined ? undefined : parseCheckpoint(text).deployment;
  if (deployment?.resources === undefined) return summary;
  return { ...summary, lastUpdate: deployment.manifest.time, resourceCount: deployment.resources.length };
}

export async function stackRemove(session: Session): Promise<void> {
  const [argument] = session.args;
  const name =
    argument === undefined ? await session.stack() : await session.existing(await session.stackName(argument));
  const short = await session.shortName(name);
  await confirm(
    session.terminal,
    session.flags.isOn("yes"),
    `This will permanently remove the '${short}' stack!`,
    short,
  );
  const backend = await session.backend();
  const lock = await lockStack(backend, name, (line) => session.terminal.error(line));
  try {
    const force = session.flags.isOn("force");
    const resources = (force ? undefined : await session.deployment(name))?.resources ?? [];
    const onlyRoot = resources.length === 1 && resources[0]?.type === "pulumi:pulumi:Stack";
    if (resources.length > 0 && !onlyRoot) throw stillHasResources(short);
    await forgetStack(session, name);
  } finally {
    await lock.release();
  }
}

/** Removes a stack's state, history and settings; the caller holds its lock and has seen what it holds. */
export async function forgetStack(session: Session, name: StackName): Promise<void> {
  const backend = await session.backend();
  const project = await session.projectIfAny();
  await backend.remove(name);
  if (project?.name === name.project) {
    if (!session.flags.isOn("preserve-config")) await removeStackConfig(stackConfigPath(project, name.stack));
    if (await isSelected(session, name)) await selectStack(session.environment, project, backend.url, undefined);
  }
  session.terminal.line(`Stack '${await session.shortName(name)}' has been removed!`);
}

function stillHasResources(name: string): UserError {
  return new UserError(
    `'${name}' still has resources; removal rejected. Possible actions:\n` +
      `- Make sure that '${name}' is the stack that you want to destroy\n` +
      "- Run `pulumi destroy` to delete the resources, then run `pulumi stack rm`\n" +
      "- Run `pulumi stack rm --force` to override this error",
  );
}

export async function stackRename(session: Session): Promise<void> {
  const from = await session.stack();
  const to = await session.stackName(session.args[0] ?? "");
  const backend = await session.backend();
  const project = await session.project();
  const wasSelected = await isSelected(session, from);
  const lock = await lockStack(backend, from, (line) => session.terminal.error(line));
  try {
    if (await backend.exists(to)) throw new UserError(`a stack named ${await session.shortName(to)} already exists`);
    const text = (await backend.read(from)) ?? "";
    parseCheckpoint(text);
    await backend.write(to, renameInCheckpoint(text, from, to));
    await backend.moveRecords(from, to);
    await backend.remove(from);
  } finally {
    await lock.release();
  }
  await moveStackConfig(stackConfigPath(project, from.stack), stackConfigPath(project, to.stack));
  if (wasSelected) await selectStack(session.environment, project, backend.url, qualified(to));
  session.terminal.line(`Renamed ${await session.shortName(from)} to ${await session.shortName(to)}`);
}

/** Whether a stack is the selected one, whatever `--stack` says. */
async function isSelected(session: Session, name: StackName): Promise<boolean> {
  const selected = await selectedStack(session.environment, await session.project(), (await session.backend()).url);
  return selected !== undefined && qualified(await session.stackName(selected)) === qualified(name);
}

export async function stackTag(session: Session, action: "get" | "set" | "rm" | "ls"): Promise<void> {
  const name = await session.stack();
  const backend = await session.backend();
  const tags = await backend.tags(name);
  const [key = "", value = ""] = session.args;
  if (action === "ls") {
    const sorted = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
    if (session.flags.isOn("json")) printJson(session.terminal, Object.fromEntries(sorted));
    else session.terminal.out(table(["NAME", "VALUE"], sorted));
    return;
  }
  if (action === "get") {
    if (tags[key] === undefined)
      throw new UserError(`stack tag '${key}' not found for stack '${await session.shortName(name)}'`);
    session.terminal.line(tags[key]);
    return;
  }
  if (action === "set") tags[key] = value;
  else delete tags[key];
  await backend.setTags(name, tags);
}
