import { hostname } from "node:os";
import { UserError } from "../../lib/errors.ts";
import { hostClient } from "../api-client.ts";
import { findPlatform, platformOption } from "../platform.ts";
import type { Command } from "./command.ts";

const DEFAULT_EXPIRES = "30d";

export const tokenCommand: Command = {
  summary: "print a fresh API token, for scripts and git",
  help: `Usage: dynoform token [--expires 30d] [--name NAME] [--platform NAME]

Makes a token of the API on 127.0.0.1 and prints it, this once: it is kept as a hash. It is git's password too (any user name
does), and acts as the first admin. \`--expires\` is a number of seconds, or of m(inutes), h(ours) or d(ays), or \`never\`.

  export HEROKU_API_KEY="$(npx dynoform token)"
  heroku authorizations                  # all there are
  heroku authorizations:revoke ID
`,
  options: { ...platformOption, expires: { type: "string" }, name: { type: "string" } },
  async run({ platform: wanted, expires = DEFAULT_EXPIRES, name }) {
    const expires_in = secondsOf(String(expires));
    const api = await hostClient(await findPlatform(process.cwd(), wanted));
    const description = typeof name === "string" ? name : `dynoform token on ${hostname()}`;
    const { body } = await api.ask("POST", "/oauth/authorizations", { description, expires_in });
    process.stdout.write(`${body.access_token.token}\n`);
  },
};

const UNITS: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** @returns null: never */
export function secondsOf(text: string): number | null {
  if (text === "never") return null;
  const [, number, unit = ""] = /^([1-9]\d{0,8})([smhd]?)$/.exec(text) ?? [];
  if (number === undefined) throw new UserError(`--expires ${text} is no time: use e.g. 3600, 12h, 30d or never.`);
  return Number(number) * (UNITS[unit] ?? 1);
}
