import { UserError } from "../../lib/errors.ts";
import { hostClient } from "../api-client.ts";
import { findPlatform, platformOption } from "../platform.ts";
import type { Command } from "./command.ts";

export const inviteCommand: Command = {
  summary: "print a link with which somebody makes an account",
  help: `Usage: dynoform invite EMAIL [--role admin] [--platform NAME]

Prints a link that works once, for three days: who opens it chooses a password and has an account. A member has own apps and
those that others share with them (\`heroku access:add\`); an admin may do everything. For somebody who has an account, the
link sets a new password.
`,
  options: { ...platformOption, role: { type: "string" } },
  positionals: "arguments",
  async run({ platform: wanted, role = "member" }, [email, ...more]) {
    if (email === undefined || more.length > 0) throw new UserError("say whom: `dynoform invite EMAIL`.");
    const api = await hostClient(await findPlatform(process.cwd(), wanted));
    const { body } = await api.ask("POST", "/invitations", { email, role });
    process.stdout.write(`${body.url}\n`);
  },
};
