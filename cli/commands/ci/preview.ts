import { relative } from "node:path";
import { messageOf, UserError } from "../../../lib/errors.ts";
import { KEY } from "../../../model/stack/keys.ts";
import { type Project, readStackFiles, type StackFile } from "../../../model/stack/project.ts";
import type { Engine } from "../../../services/stacks/engine.ts";
import { declaredRules } from "../../../services/stacks/plan/guard.ts";
import type { Planned } from "../../../services/stacks/plan/planned.ts";
import { denied, parseRules, type Rule } from "../../../services/stacks/plan/policy.ts";
import { previewNew } from "../../../services/stacks/preview-new.ts";
import { type Change, firstChangedLine } from "./git.ts";
import { lineOf } from "./lines.ts";
import type { Report, StackReport } from "./report.ts";
import { type Touched, touchedBy } from "./touched.ts";

/** What an `up` of a stack would do. */
export interface Previewed {
  readonly planned: readonly Planned[];
  /** Resources that stay as they are. */
  readonly same: number;
  /** Whether there is no such stack yet. */
  readonly new: boolean;
  /** Why it was not looked at. */
  readonly elsewhere?: string;
}

export interface Previewer {
  /** @throws UserError with what is wrong */
  preview(file: StackFile): Promise<Previewed>;
  /** Whether it runs the program that lies here, and not one of its own. @default true */
  readonly runsProgram?: boolean;
}

interface PreviewOptions {
  readonly project: Project;
  readonly change: Change;
  readonly previewer: Previewer;
  /** Stacks to look at, whatever the change touches; none: those that it touches. */
  readonly asked: readonly string[];
  /** What is denied besides what the platform denies. */
  readonly deny: readonly string[];
  /** Told what goes on. */
  readonly say: (line: string) => void;
}

/** Previews the stacks that a change touches, one after the other; one that fails keeps no other from being previewed. */
export async function previewChange(options: PreviewOptions): Promise<Report> {
  const { project, change, asked, say } = options;
  const files = await readStackFiles(project);
  const looked = touchedBy(change, project, files);
  const touched = asked.length > 0 ? named(files, asked) : looked.touched;
  const rules = [...declaredRules(files), ...parseRules(options.deny)];
  const stacks: StackReport[] = [];
  for (const each of touched) {
    say(`previewing ${each.file.stack}`);
    stacks.push(await lookAt(each, looked.program, rules, options));
  }
  const untouched = files.length - touched.length;
  const { base, head } = change;
  return { project: project.name, base, head, stacks, removed: looked.removed, untouched };
}

function named(files: readonly StackFile[], asked: readonly string[]): Touched[] {
  const unknown = asked.find((stack) => !files.some((file) => file.stack === stack));
  if (unknown !== undefined) throw new UserError(`there is no stack file of ${unknown} here.`);
  return files.filter(({ stack }) => asked.includes(stack)).map((file) => ({ file, reason: "asked" }));
}

async function lookAt(
  { file, reason }: Touched,
  program: boolean,
  rules: readonly Rule[],
  { change, previewer }: PreviewOptions,
): Promise<StackReport> {
  const path = relative(change.root, file.path);
  const basis = { stack: file.stack, file: path, reason, planned: [], same: 0, denied: [] };
  const line = reason === "file" ? await firstChangedLine(change, path) : 1;
  if (previewer.runsProgram === false && (program || reason === "source")) {
    const what = program ? "program" : "app's source";
    const why = `The ${what} is another, which is previewed by a runner of your own, or after the merge.`;
    return { ...basis, line, status: "elsewhere", why };
  }
  try {
    const { planned, same, elsewhere, ...found } = await previewer.preview(file);
    if (elsewhere !== undefined) return { ...basis, line, status: "elsewhere", why: `The host says: ${elsewhere}.` };
    const status = found.new ? "new" : planned.length > 0 ? "changed" : "unchanged";
    return { ...basis, line, status, planned, same, denied: denied(rules, planned, file.config) };
  } catch (error) {
    const message = messageOf(error);
    return { ...basis, line: (await lineOf(file.path, message)) ?? line, status: "failed", error: message };
  }
}

/** By the `pulumi` command in this checkout. */
export function localPreviewer(engine: Engine, project: Project): Previewer {
  let known: Promise<ReadonlySet<string>> | undefined;
  const isKnown = async (stack: string) => {
    known ??= engine.stacks().then((stacks) => new Set(stacks.map(({ name }) => name)));
    return (await known).has(stack);
  };
  return {
    async preview(file) {
      requireKey(file);
      const isNew = !(await isKnown(file.stack));
      const { planned = [], changes } = isNew
        ? await previewNew(engine, { project: project.directory, stack: file.stack, settings: file.path })
        : await engine.preview(file.stack);
      return { planned, same: changes.same ?? 0, new: isNew };
    },
  };
}

/** One that were made here would be lost with this checkout, and the app's database with it. */
export function requireKey({ kind, config, stack, path }: StackFile): void {
  if (kind !== "app" || KEY in config) return;
  throw new UserError(
    `${stack} has no dynoform:key in its stack file. Write one where the passphrase is and commit it: \`npx dynoform setup\`, or \`openssl rand -hex 32 | npx pulumi config set --secret dynoform:key --stack ${stack}\` (${path}).`,
  );
}
