/** Names of stacks: `s`, `organization/s` or `organization/<project>/<s>`. */
import { UserError } from "./errors.ts";

export const ORGANIZATION = "organization";

export interface StackName {
  readonly project: string;
  readonly stack: string;
}

/** The name in full, as states and locks have it. */
export function qualified(name: StackName): string {
  return `${ORGANIZATION}/${name.project}/${name.stack}`;
}

/**
 * @param project the project of names that do not say theirs
 * @throws UserError when a part has other characters than Pulumi allows
 */
export function parseStackName(text: string, project: string | undefined): StackName {
  const parts = text.split("/");
  const stack = parts.at(-1) ?? "";
  if (stack === "") throw new UserError("a stack name may not be empty");
  if (parts.length > 3) {
    throw new UserError(`could not parse stack name '${text}': stack names may not contain slashes`);
  }
  if (parts.length > 1 && parts[0] !== ORGANIZATION) {
    throw new UserError(`could not parse stack name '${text}': organization name must be '${ORGANIZATION}'`);
  }
  checkCharacters(stack);
  const named = parts.length === 3 ? parts[1] : project;
  if (named === undefined || named === "") {
    throw new UserError(`if you're using the --stack flag, pass the fully qualified name (organization/project/stack)`);
  }
  if (/[^A-Za-z0-9._-]/.test(named) || isFolderWord(named)) {
    throw new UserError(
      `a project name may only contain alphanumeric, hyphens, underscores, and periods, not '${named}'`,
    );
  }
  return { project: named, stack };
}

/** Names become folders, and these would be others than meant. */
function isFolderWord(name: string): boolean {
  return name === "." || name === "..";
}

function checkCharacters(stack: string): void {
  const wrong = /[^A-Za-z0-9._-]/.exec(stack);
  if (wrong !== null) {
    throw new UserError(
      "a stack name may only contain alphanumeric, hyphens, underscores, or periods: " +
        `invalid character '${wrong[0]}' at position ${wrong.index}`,
    );
  }
  if (isFolderWord(stack)) throw new UserError(`a stack may not be named '${stack}'`);
  if (stack.length > 100) throw new UserError("a stack name cannot exceed 100 characters");
}
