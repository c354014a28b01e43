import { findTarget } from "../api-client.ts";
import { hours, print, table } from "../output.ts";
import { appOption, type Command } from "./command.ts";

export const usageCommand: Command = {
  summary: "show the dyno hours that an app has used",
  help: `Usage: dynoform usage [--month MONTH] [-a APP]

  --month MONTH  e.g. 2026-01 (default: this month)
`,
  options: { ...appOption, month: { type: "string" } },
  async run({ app: wanted, month }) {
    const { api, app } = await findTarget(process.cwd(), wanted);
    const query = typeof month === "string" ? `?${new URLSearchParams({ month })}` : "";
    const { body } = await api.ask("GET", `/apps/${app}/usage${query}`);
    const rows = body.dynos.map(({ type, size, seconds }: { type: string; size: string; seconds: number }) => [
      `${type} (${size})`,
      hours(seconds),
    ]);
    print(`=== ${app} Usage ${body.month}\n\n${rows.length === 0 ? "No dynos ran." : table(rows)}`);
    if (month === undefined && body.quota.seconds > 0) print(`\n${quotaLines(body.quota)}`);
  },
};

interface Quota {
  /** 0: without end. */
  readonly seconds: number;
  readonly remaining: number;
  readonly used_by_app: number;
}

function quotaLines({ seconds, remaining, used_by_app: used }: Quota): string {
  const percent = (part: number) => `${Math.floor((100 * part) / seconds)}%`;
  return [
    `Free dyno hours quota remaining this month: ${hours(remaining)} (${percent(remaining)})`,
    `Free dyno usage for this app: ${hours(used)} (${percent(used)})`,
  ].join("\n");
}
