import type { SourceProblems } from "../problems.ts";
import { hasFile } from "../text.ts";
import type { SourceTree } from "../tree.ts";
import { readPip } from "./pip.ts";
import { readPipenv } from "./pipenv.ts";
import { readPoetry } from "./poetry.ts";
import type { Requirements } from "./requirements.ts";
import { readUv } from "./uv.ts";

/** By the file that says so: what installs an app's packages. */
const MANAGERS: Readonly<Record<string, (tree: SourceTree, problems: SourceProblems) => Requirements>> = {
  "requirements.txt": readPip,
  "Pipfile.lock": readPipenv,
  "poetry.lock": readPoetry,
  "uv.lock": readUv,
};
const FILES = Object.keys(MANAGERS);

/**
 * Reads what an app needs: by Heroku's rule, exactly one of {@link FILES} says it. Besides, a Pipfile without a lock is
 * installed by pip, alone or with requirements.txt.
 */
export function readRequirements(tree: SourceTree, problems: SourceProblems): Requirements {
  const has = (path: string) => hasFile(tree, path);
  const found = FILES.filter(has);
  const pipfile = has("Pipfile") && !has("Pipfile.lock");
  const [file, ...more] = pipfile && !has("requirements.txt") ? ["requirements.txt", ...found] : found;
  const named = pipfile ? [...(has("requirements.txt") ? [] : ["Pipfile"]), ...found] : found;
  if (more.length > 0) {
    problems.add(
      `${named.slice(0, -1).join(", ")} and ${named.at(-1)}`,
      "each say which packages the app needs, and only one of them can; keep that of the tool you use, and delete the others",
    );
  }
  if (file === undefined) missing(tree, problems);
  return (MANAGERS[file ?? ""] ?? readPip)(tree, problems);
}

/** In one line: what is there instead, and the ways. */
function missing(tree: SourceTree, problems: SourceProblems): void {
  const misspelt = tree.entries.find(({ path }) => MISSPELT.test(path));
  if (misspelt !== undefined) {
    problems.add(misspelt.path, `is not read; its name must be ${correct(misspelt.path)}`);
  } else if (hasFile(tree, "setup.py")) {
    problems.add("setup.py", 'is not installed by itself; add a requirements.txt with the line "--editable ."');
  } else if (hasFile(tree, "pyproject.toml")) {
    problems.add("pyproject.toml", "has no lock beside it; run uv lock or poetry lock and commit what it writes");
  } else {
    problems.add(
      "requirements.txt",
      "is missing, and so are Pipfile.lock, poetry.lock and uv.lock; add one of them to the source's folder, an empty requirements.txt if the app needs no packages",
    );
  }
}

const MISSPELT =
  /^(req\w*r\w*ments?(\.(txt|text|in))*|pipfile(\.lock)?(\.txt)?|poetry\.lock(\.txt)?|uv\.lock(\.txt)?)$/i;

function correct(name: string): string {
  if (/^req/i.test(name)) return "requirements.txt";
  if (/^pipfile$/i.test(name)) return "Pipfile";
  return FILES.find((file) => name.toLowerCase().startsWith(file.toLowerCase())) ?? "Pipfile";
}
