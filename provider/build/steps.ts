import type { SourceTree } from "../../sources/index.ts";

/** The steps of a build that run in a container, as images/python/build names them. */
export type Step = "submodules" | "pre_compile" | "packages" | "nltk" | "collectstatic" | "post_compile";

/**
 * Whether code of the app's own runs in a build and sees config vars: hooks, and what Django loads for collectstatic. A
 * push of the same files may then come to something else, as people who push an empty commit expect.
 */
export function seesConfig({ entries }: SourceTree): boolean {
  return entries.some(({ path }) => /^bin\/(pre|post)_compile$|^([^/]+\/){0,2}manage\.py$/.test(path));
}

/** What can have failed: a step, or the part of one that says more of it. */
type Begun = Step | "corpora";

/** What a line of images/python/build tells us, where it is none of a step's output. */
export interface Mark {
  /** `say` and `modules` begin no step. */
  readonly kind: Begun | "say" | "modules";
  readonly text: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it stands before what no step has said
const MARK = /^\x1e(\w+) ?(.*)$/;

/** Undefined: the line is a step's own. */
export function markOf(line: string): Mark | undefined {
  const [, kind, text = ""] = MARK.exec(line) ?? [];
  return kind === undefined ? undefined : { kind: kind as Mark["kind"], text };
}

const REASONS: Readonly<Record<Begun, (text: string) => string>> = {
  submodules: () =>
    "Submodule install failed: what .gitmodules names could not be fetched. Push the commits that this one names to " +
    "where .gitmodules says, for everybody to read, or commit the submodules' files themselves",
  pre_compile: () => hook("bin/pre_compile"),
  packages: () => "the requirements could not be installed",
  nltk: () => "NLTK does not work",
  corpora: () =>
    "Unable to download NLTK data: 'python -m nltk.downloader' failed. Mend what it says of nltk.txt, or remove that file",
  collectstatic: (text) =>
    `Unable to generate Django static files: '${text.replace(/^\$ /, "")}' failed. Mend what the traceback above says, ` +
    "or skip the step: heroku config:set DISABLE_COLLECTSTATIC=1",
  post_compile: () => hook("bin/post_compile"),
};

function hook(path: string): string {
  return `Failed to run the ${path} script. Fix the errors above, or rename the script so that it is not run`;
}

/**
 * Why a build failed, in one line: what could not be done, and how to mend it.
 *
 * @param cause what else is known of it
 */
export function failureOf({ kind, text }: Mark, status: number, cause?: string): string {
  const reason = REASONS[kind as Begun] ?? REASONS.packages;
  return `${reason(text)} (exit status ${status})${cause === undefined ? "" : `: ${cause}`}`;
}
