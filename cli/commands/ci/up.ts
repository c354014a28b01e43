import { messageOf, UserError } from "../../../lib/errors.ts";
import { type Project, readStackFiles, type StackFile } from "../../../model/stack/project.ts";
import { changed, type Engine } from "../../../services/stacks/engine.ts";
import { initStack } from "../../../services/stacks/new-stack.ts";
import { guardedUp } from "../../../services/stacks/plan/guard.ts";
import { parseRules } from "../../../services/stacks/plan/policy.ts";
import { takeProject } from "../../../services/stacks/turn.ts";

import { requireKey } from "./preview.ts";

/** Brings one stack up. @returns what was done @throws UserError */
type BringUp = (file: StackFile) => Promise<string>;

interface UpOptions {
  readonly project: Project;
  readonly engine: Engine;
  /** Stacks to bring up; none: all of the project. */
  readonly asked: readonly string[];
  readonly deny: readonly string[];
  /** For others that are refused meanwhile. */
  readonly who: string;
  readonly say: (line: string) => void;
}

/** How it went, stack by stack, in the order in which they are brought up. */
interface Applied {
  readonly stacks: readonly {
    readonly stack: string;
    readonly state: "applied" | "failed" | "left";
    readonly what: string;
  }[];
}

/**
 * Brings stacks up in the order of what needs what: platforms, apps, links. All of them, and not only those that a change
 * touches, so that what an earlier one was kept from is made good. The first that fails is the last.
 */
export async function applyAll(options: UpOptions): Promise<Applied> {
  const { project, engine, asked, say } = options;
  const rules = parseRules(options.deny);
  const files = await readStackFiles(project);
  const unknown = asked.find((stack) => !files.some((file) => file.stack === stack));
  if (unknown !== undefined) throw new UserError(`there is no stack file of ${unknown} here.`);
  const wanted = files.filter(({ stack }) => asked.length === 0 || asked.includes(stack));
  if (wanted.length === 0) throw new UserError(`there is no stack file in ${project.stackDirectory}.`);
  for (const file of wanted) requireKey(file);
  await using _turn = await takeProject(project, options.who, say);
  const known = new Set((await engine.stacks()).map(({ name }) => name));
  // The turn ends with it, and not before.
  return await inOrder(wanted, say, async ({ stack }) => {
    if (!known.has(stack)) await initStack(engine, stack);
    const count = changed(await guardedUp(engine, project.directory, stack, [], rules));
    return count === 1 ? "1 change" : `${count} changes`;
  });
}

/** One after the other; the first that fails is the last. */
export async function inOrder(files: readonly StackFile[], say: (line: string) => void, up: BringUp): Promise<Applied> {
  const stacks: { stack: string; state: "applied" | "failed" | "left"; what: string }[] = [];
  for (const file of files) {
    const { stack } = file;
    if (stacks.some(({ state }) => state === "failed")) {
      stacks.push({ stack, state: "left", what: "not begun" });
      continue;
    }
    say(`bringing up ${stack}`);
    try {
      stacks.push({ stack, state: "applied", what: await up(file) });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      stacks.push({ stack, state: "failed", what: messageOf(error) });
    }
  }
  return { stacks };
}

/** What was and what was not applied. */
export function appliedText({ stacks }: Applied): string {
  const of = (wanted: string) => stacks.filter(({ state }) => state === wanted);
  const lines = [
    ...of("applied").map(({ stack, what }) => `applied: ${stack}, ${what}`),
    ...of("failed").map(({ stack, what }) => `failed: ${stack}. ${what}`),
    ...of("left").map(({ stack }) => `not applied: ${stack}`),
  ];
  return `${lines.join("\n")}\n`;
}
