import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Backend } from "../../engine/src/state/backend.ts";
import { readFileIfAny, writeFileAtomic } from "../../engine/src/state/files.ts";
import { openBackend } from "../../engine/src/state/open-backend.ts";
import { requireProject } from "../../engine/src/state/project.ts";
import { selectedStack, selectStack } from "../../engine/src/state/workspace.ts";
import { UserError } from "../../lib/errors.ts";
import { findProject, type Project } from "../../model/stack/project.ts";
import { readPulumiEnv } from "../../services/stacks/backend.ts";
import { Engine } from "../../services/stacks/engine.ts";
import { print, table } from "../output.ts";
import { localStates, writePulumiEnv } from "../setup/environment.ts";
import { clearOld, moveStates, newMove } from "../state/move.ts";
import { withPassword } from "../state/place.ts";
import type { Command } from "./command.ts";

export const stateCommand: Command = {
  summary: "show where the states lie, or move them",
  help: `Usage: dynoform state
       dynoform state move postgres://USER@HOST:5432/DATABASE[?table=NAME&sslmode=…]
       dynoform state move local

\`move\` takes this project's states, with their histories and backups, from the project's folder to a table in Postgres, which
other machines and CI can share, or back. Everything is compared before the new place counts; nobody can change a stack
meanwhile. The format is the real Pulumi CLI's. The password is asked for, or read from PGPASSWORD or standard input,
and is kept in pulumi.env, for the project's owner alone. The database must be reachable from this machine (the
platform's runner is on its network), and must not be one of the platform's own: those are made from the states.
`,
  options: {},
  positionals: "arguments",
  async run(_values, [verb, ...words]) {
    const project = await findProject(process.cwd());
    await finishMove(project);
    if (verb === undefined) return show(project);
    if (verb !== "move" || words.length !== 1)
      throw new UserError("say `dynoform state`, or `dynoform state move postgres://…|local`.");
    if (process.env.PULUMI_BACKEND_URL)
      throw new UserError("PULUMI_BACKEND_URL is set, and goes before what is moved. Unset it and repeat the command.");
    await move(project, words[0] === "local" ? localStates(project.directory) : await withPassword(words[0] ?? ""));
  },
};

/** What a move writes down before it begins, so that one that was killed goes on. */
interface Plan {
  readonly id: string;
  readonly from: string;
  readonly to: string;
}

async function show({ directory }: Project): Promise<void> {
  const stacks = await new Engine({ directory }).stacks();
  const backend = openBackend(await currentUrl(directory), directory);
  print(backend.shown);
  print(table(stacks.map(({ name, resourceCount = 0 }) => [`  ${name}`, `${resourceCount} resources`])));
}

async function move(project: Project, to: string): Promise<void> {
  const { directory } = project;
  const from = await currentUrl(directory);
  const [old, other] = [openBackend(from, directory), openBackend(to, directory)] as const;
  if (from === to) return print(`The states are in ${old.shown} already.`);
  await other.prepare();
  const engine = new Engine({ directory });
  const before = table((await engine.stacks()).map(({ name, resourceCount = 0 }) => [name, String(resourceCount)]));
  const known = await readPlan(directory);
  const plan = known?.from === from && known.to === to ? known : { id: newMove(), from, to };
  await writeFileAtomic(planFile(directory), JSON.stringify(plan));
  const say = (line: string) => print(`    ${line}`);
  const count = await moveStates(
    { ...plan, project: project.name, from: old, to: other },
    () => commit(directory, to),
    say,
  );
  await rm(planFile(directory), { force: true });
  await keepSelection(directory, old, other);
  const after = table((await engine.stacks()).map(({ name, resourceCount = 0 }) => [name, String(resourceCount)]));
  if (before !== after)
    throw new UserError(`the stacks in ${other.shown} are others than before:\n${after}\nbefore:\n${before}`);
  print(
    `The states are in ${other.shown}: ${count} records, each compared. In ${old.shown} a copy of each state stays (*.bak).`,
  );
}

/** From here on the new place counts: for this machine's commands, and for the platform's runner. */
async function commit(directory: string, url: string): Promise<void> {
  const present = Object.entries(await readPulumiEnv(directory)).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  await writePulumiEnv(directory, { ...Object.fromEntries(present), PULUMI_BACKEND_URL: url });
}

/** Clears up after a move that was killed once the new place counted. */
async function finishMove({ name: project, directory }: Project): Promise<void> {
  const plan = await readPlan(directory);
  if (plan === undefined || plan.to !== (await currentUrl(directory))) return;
  const [from, to] = [openBackend(plan.from, directory), openBackend(plan.to, directory)];
  await clearOld({ id: plan.id, project, from, to });
  await rm(planFile(directory), { force: true });
}

async function keepSelection(directory: string, from: Backend, to: Backend): Promise<void> {
  const project = await requireProject(directory);
  const selected = await selectedStack(process.env, project, from.url);
  if (selected !== undefined) await selectStack(process.env, project, to.url, selected);
}

async function currentUrl(directory: string): Promise<string> {
  return (await readPulumiEnv(directory)).PULUMI_BACKEND_URL ?? localStates(directory);
}

function planFile(directory: string): string {
  return join(directory, ".dynoform", "moving.json");
}

async function readPlan(directory: string): Promise<Plan | undefined> {
  const text = await readFileIfAny(planFile(directory));
  return text === undefined ? undefined : JSON.parse(text);
}
