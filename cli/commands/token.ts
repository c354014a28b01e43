import { findPlatform, platformOption, tokenOf } from "../platform.ts";
import type { Command } from "./command.ts";

export const tokenCommand: Command = {
  summary: "print the API's token, for scripts",
  help: `Usage: dynoform token [--platform NAME]

Prints the token of the API on 127.0.0.1, which is git's password too (any user name does). Whoever has it may do everything.

  export HEROKU_API_KEY="$(npx dynoform token)"
`,
  options: platformOption,
  async run({ platform: wanted }) {
    const platform = await findPlatform(process.cwd(), wanted);
    process.stdout.write(`${await tokenOf(platform)}\n`);
  },
};
