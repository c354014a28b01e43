/** Takes a project's states from one backend to another: whole, checked, and with nobody changing them meanwhile. */
import { randomUUID } from "node:crypto";
import type { Backend } from "../../engine/src/state/backend.ts";
import { lockStack } from "../../engine/src/state/lock.ts";
import { qualified, type StackName } from "../../engine/src/state/stack-name.ts";
import { UserError } from "../../lib/errors.ts";
import type { Say } from "../steps.ts";

export interface Move {
  /** Whose stacks are moved; those of other projects stay. */
  readonly project: string;
  readonly from: Backend;
  readonly to: Backend;
  /** Names this move, also when it is begun again after it was killed. */
  readonly id: string;
}

/** Records that go with the states. */
const FOLDERS = ["stacks", "history", "backups"];

/**
 * Copies everything, compares it, makes the new place the one that counts, and takes the states out of the old one,
 * where a copy of each stays (`.bak`). Killed before `commit`, the old place is as it was; after it, the new one is
 * whole, and `clearOld` does the rest.
 *
 * @param commit from its end on the new place counts
 * @returns how many records are in the new place
 * @throws UserError when somebody is at work on a stack, or the new place has stacks of the project already
 */
export async function moveStates(move: Move, commit: () => Promise<void>, say: Say): Promise<number> {
  const { from, to } = move;
  await refuseForeign(move);
  await to.records.write(markerOf(move), move.id);
  const held = await lockAll(from, await stacksOf(move, from), say);
  try {
    let count = await copyAll(move);
    // A stack that was begun before the locks were there.
    const late = (await stacksOf(move, from)).filter((name) => !held.has(qualified(name)));
    for (const [name, lock] of await lockAll(from, late, say)) held.set(name, lock);
    if (late.length > 0) count = await copyAll(move);
    await compareAll(move);
    await commit();
    await clearOld(move);
    return count;
  } finally {
    for (const lock of held.values()) await lock.release();
  }
}

/** Takes the states out of the old place once the new one counts. */
export async function clearOld(move: Move): Promise<void> {
  for (const name of await stacksOf(move, move.from)) await move.from.remove(name);
  await move.to.records.remove(markerOf(move));
}

/** The project's stacks in a backend. */
export async function stacksOf({ project }: Pick<Move, "project">, backend: Backend): Promise<StackName[]> {
  return (await backend.list()).filter((name) => name.project === project);
}

export function newMove(): string {
  return randomUUID();
}

function markerOf({ project }: Move): string {
  return `moving/${project}`;
}

/** Stacks that are there already are another's, unless this move brought them before it was killed. */
async function refuseForeign(move: Move): Promise<void> {
  const marker = await move.to.records.read(markerOf(move));
  if (marker?.toString("utf8") === move.id) return;
  const there = await stacksOf(move, move.to);
  if (there.length === 0) return;
  const names = there.map(({ stack }) => stack).join(", ");
  throw new UserError(
    `${move.to.shown} has stacks of a project ${move.project} already: ${names}. Nothing was moved. If they are these, set PULUMI_BACKEND_URL to it and run \`dynoform setup\`; else take another database or add \`?table=NAME\`.`,
  );
}

type Locks = Map<string, Awaited<ReturnType<typeof lockStack>>>;

async function lockAll(backend: Backend, names: readonly StackName[], say: Say): Promise<Locks> {
  const held: Locks = new Map();
  try {
    for (const name of names) held.set(qualified(name), await lockStack(backend, name, say));
  } catch (error) {
    for (const lock of held.values()) await lock.release();
    throw error;
  }
  return held;
}

/** The project's records, without what was left half-written. */
async function recordsOf({ project }: Move, backend: Backend): Promise<string[]> {
  const lists = FOLDERS.map(async (folder) => {
    const keys = await backend.records.list(`${folder}/${project}`);
    return keys.map((key) => `${folder}/${project}/${key}`);
  });
  return (await Promise.all(lists)).flat().filter((key) => !key.endsWith(".tmp"));
}

async function copyAll(move: Move): Promise<number> {
  const wanted = await recordsOf(move, move.from);
  // What a move that was killed brought, and is not there any more.
  const left = new Set(wanted);
  const gone = (await recordsOf(move, move.to)).filter((key) => !left.has(key) && !isKept(move, key));
  if (gone.length > 0) await move.to.records.remove(...gone);
  for (const key of wanted) {
    const content = await move.from.records.read(key);
    if (content !== undefined) await move.to.records.write(key, content);
  }
  return wanted.length;
}

/** Copies of earlier states of the new place's own, from before the states left it the last time. */
function isKept({ project }: Move, key: string): boolean {
  return key.endsWith(".bak") || key.startsWith(`backups/${project}/`);
}

/** @throws Error naming the first record that is not the same in both places */
async function compareAll(move: Move): Promise<void> {
  for (const key of await recordsOf(move, move.from)) {
    const [before, after] = await Promise.all([move.from, move.to].map((backend) => backend.records.read(key)));
    if (before !== undefined && after?.equals(before)) continue;
    throw new UserError(`${key} is not the same in ${move.to.shown}. Nothing was changed; repeat the command.`);
  }
}
