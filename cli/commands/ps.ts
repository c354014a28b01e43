import { findTarget } from "../api-client.ts";
import { hours, print, timeAgo } from "../output.ts";
import { appOption, type Command } from "./command.ts";

interface Dyno {
  readonly name: string;
  readonly type: string;
  readonly size: string;
  readonly command: string;
  readonly state: string;
  readonly updated_at: string;
}

export const psCommand: Command = {
  summary: "show an app's dynos",
  help: `Usage: dynoform ps [TYPE…] [-a APP]

Shows what an app runs: each dyno, its state, and since when.
`,
  options: appOption,
  positionals: "arguments",
  async run(values, types) {
    const { api, app } = await findTarget(process.cwd(), values.app);
    const { body: all } = await api.ask("GET", `/apps/${app}/dynos`);
    const dynos: Dyno[] = all.filter(({ type }: Dyno) => types.length === 0 || types.includes(type));
    if (dynos.some(({ size }) => size === "Free")) {
      const { body: usage } = await api.ask("GET", `/apps/${app}/usage`);
      if (usage.quota.seconds > 0) print(`${quotaLines(usage.quota)}\n`);
    }
    if (dynos.length === 0) print(`No dynos on ${app}`);
    for (const [title, lines] of grouped(dynos)) print(`=== ${title} (${lines.length})\n\n${lines.join("\n")}\n`);
  },
};

/** The lines of the dynos by the line above them. */
function grouped(dynos: readonly Dyno[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { name, type, size, command, state, updated_at } of dynos) {
    const since = timeAgo(updated_at);
    const oneOff = type === "run";
    const title = oneOff ? "run: one-off processes" : `${type} (${size}): ${command}`;
    const line = oneOff ? `${name} (${size}): ${state} ${since}: ${command}` : `${name}: ${state} ${since}`;
    groups.set(title, [...(groups.get(title) ?? []), line]);
  }
  return groups;
}

export interface Quota {
  /** 0: without end. */
  readonly seconds: number;
  readonly remaining: number;
  readonly used_by_app: number;
}

export function quotaLines({ seconds, remaining, used_by_app: used }: Quota): string {
  const percent = (part: number) => `${Math.floor((100 * part) / seconds)}%`;
  return [
    `Free dyno hours quota remaining this month: ${hours(remaining)} (${percent(remaining)})`,
    `Free dyno usage for this app: ${hours(used)} (${percent(used)})`,
  ].join("\n");
}
