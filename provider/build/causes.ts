/**
 * Finds among the lines of a package manager why packages were not installed, where its own words take long to say so:
 * a package of which there is no wheel, and that does not compile.
 */
export class Causes {
  readonly #failed = new Set<string>();
  #header: string | undefined;

  read(line: string): void {
    const [, name] = FAILED.exec(line) ?? [];
    if (name !== undefined) this.#failed.add(name);
    const [, header] = HEADER.exec(line) ?? [];
    this.#header ??= header;
  }

  /** The cause and the ways to mend it, in one line; undefined: the package manager's own words have to do. */
  get found(): string | undefined {
    if (this.#failed.size === 0) return undefined;
    const which = [...this.#failed].join(", ");
    if (this.#header !== undefined) {
      return `${which} has no wheel for this Python, and to compile it takes ${this.#header}, which builds do not have; ask for a version of it that has a wheel`;
    }
    return (
      `${which} has no wheel for this Python, and does not compile for it; ask for a newer version of it, ` +
      "or by .python-version for the Python that it was made for"
    );
  }
}

/** Of pip, and so of Pipenv; of uv. */
const FAILED = /^\s*(?:ERROR: Failed (?:building wheel for|to build) '?|(?:×|error:) Failed to build `)([\w.=-]+)/;
const HEADER = /fatal error: (\S+\.h(?:pp)?): No such file or directory/;
