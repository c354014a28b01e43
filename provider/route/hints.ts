/** Modules that Python had, by the version that has them no longer. */
const GONE: Readonly<Record<string, readonly string[]>> = {
  "3.12": ["asynchat", "asyncore", "distutils", "imp", "smtpd"],
  "3.13":
    "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap nntplib pipes sndhdr spwd sunau telnetlib uu xdrlib".split(
      " ",
    ),
};

/**
 * The way out of an error that apps of some years meet, where Python's own words say only what is missing.
 *
 * @param lines the last that an app wrote
 */
export function hint(lines: readonly string[]): string | undefined {
  const missing = lines.flatMap((line) => /ModuleNotFoundError: No module named '(\w+)/.exec(line)?.[1] ?? []).at(-1);
  if (missing === undefined) return undefined;
  if (missing === "pkg_resources") {
    return "setuptools has no pkg_resources since version 82: add setuptools<82 to the requirements, or ask for a newer version of what imports it";
  }
  const [since] = Object.entries(GONE).find(([, modules]) => modules.includes(missing)) ?? [];
  if (since === undefined) return undefined;
  return `Python has no ${missing} since ${since}: ask for a newer version of what imports it, or by .python-version for Python 3.11`;
}
