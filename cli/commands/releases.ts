import { UserError } from "../../services/errors.ts";
import { findTarget } from "../api-client.ts";
import { print, table, timeAgo } from "../output.ts";
import { appOption, type Command } from "./command.ts";

export interface Release {
  readonly id: string;
  readonly version: number;
  readonly description: string;
  readonly created_at: string;
  readonly current: boolean;
  readonly eligible_for_rollback: boolean;
  readonly user: { readonly email: string };
}

export const releasesCommand: Command = {
  summary: "list an app's releases",
  help: `Usage: dynoform releases [-n NUMBER] [-a APP]

Shows the newest releases: what changed, who changed it, and when.

  -n, --num NUMBER  how many (default: 15)
`,
  options: { ...appOption, num: { type: "string", short: "n", default: "15" } },
  async run({ app: wanted, num }) {
    const max = Number(num);
    if (!Number.isInteger(max) || max < 1 || max > 1000) throw new UserError("-n takes a number from 1 to 1000.");
    const { api, app } = await findTarget(process.cwd(), wanted);
    const range = `version ..; max=${max}, order=desc`;
    const { body } = await api.ask("GET", `/apps/${app}/releases`, undefined, { range });
    const releases: Release[] = body;
    if (releases.length === 0) {
      print(`${app} has no releases.`);
      return;
    }
    const current = releases.find((release) => release.current);
    const rows = releases.map(({ version, description, user, created_at, eligible_for_rollback: eligible }) => [
      `v${version}`,
      eligible ? description : `${description} (cannot be restored)`,
      user.email,
      timeAgo(created_at),
    ]);
    print(`=== ${app} Releases${current ? ` - Current: v${current.version}` : ""}\n\n${table(rows)}`);
  },
};
