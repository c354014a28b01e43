import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../../lib/errors.ts";

const run = promisify(execFile);

/**
 * The token for Heroku's own API: HEROKU_API_KEY, what `heroku login` left in the netrc file, or what `heroku auth:token`
 * prints.
 *
 * @throws UserError when there is none, or when this shell's token is that of a platform of ours
 */
export async function herokuToken(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  if (environment.HEROKU_HOST !== undefined && environment.HEROKU_HOST !== "")
    throw new UserError(
      "HEROKU_HOST is set: this shell's `heroku` is a platform's of yours, and Heroku is not to see its token. Use a shell without `dynoform env`, or unset HEROKU_HOST and HEROKU_API_KEY.",
    );
  if (environment.HEROKU_API_KEY) return environment.HEROKU_API_KEY;
  const netrc = await readFile(environment.NETRC ?? join(homedir(), ".netrc"), "utf8").catch(() => "");
  const kept = tokenIn(netrc);
  if (kept !== undefined) return kept;
  const { stdout } = await run("heroku", ["auth:token"], { env: { ...environment } }).catch(() => ({ stdout: "" }));
  const [token] = stdout.split("\n").filter((line) => /^[\w-]{20,}$/.test(line.trim()));
  if (token === undefined)
    throw new UserError("there is no token for Heroku. Run `heroku login`, or set HEROKU_API_KEY.");
  return token.trim();
}

/** The password of api.heroku.com in a netrc file. */
export function tokenIn(netrc: string): string | undefined {
  const words = netrc.split("\n").flatMap((line) =>
    line
      .replace(/^\s*#.*/, "")
      .split(/\s+/)
      .filter(Boolean),
  );
  const machine = words.findIndex((word, at) => word === "api.heroku.com" && words[at - 1] === "machine");
  if (machine < 0) return undefined;
  const rest = words.slice(machine + 1);
  const end = rest.indexOf("machine");
  const own = end < 0 ? rest : rest.slice(0, end);
  const password = own.indexOf("password");
  return password < 0 ? undefined : own[password + 1];
}
