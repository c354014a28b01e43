import { ALLOW_DATA_LOSS } from "../../../model/stack/keys.ts";
import type { Act, Difference, Planned } from "../../../services/stacks/plan/planned.ts";
import { code, cut, fence, line, row } from "./markup.ts";
import { headline, type Report, type StackReport } from "./report.ts";

/** How much of a report is written; what is left out is said to be. */
interface Extent {
  /** Rows of a table, entries of a list. */
  readonly rows: number;
  /** Stacks with a table. */
  readonly stacks: number;
}

const ACTS: Readonly<Record<Act, string>> = {
  create: "made",
  update: "changed in place",
  replace: "replaced",
  delete: "gone",
};

/** Differences that a row shows. */
const SHOWN = 4;

/**
 * The report for people, as GitHub shows it.
 *
 * @param limit characters. Rows and tables are left out, and never cut, until it is met
 */
export function markdownOf(report: Report, limit: number): string {
  const extents: Extent[] = [
    ...[Number.POSITIVE_INFINITY, 200, 100, 50, 25, 10, 5].map((rows) => ({ rows, stacks: Number.POSITIVE_INFINITY })),
    ...[50, 20, 10, 5].map((stacks) => ({ rows: 5, stacks })),
  ];
  for (const extent of extents) {
    const text = written(report, extent);
    if (text.length <= limit) return text;
  }
  return `## Dynoform: ${headline(report)}\n\nIt is too much to be shown here; \`dynoform ci preview\` writes all of it into the job's log.\n`;
}

function written(report: Report, extent: Extent): string {
  const { stacks, removed, untouched, base, head } = report;
  const shown = stacks.filter(({ status }) => status !== "unchanged");
  const unchanged = stacks.filter(({ status }) => status === "unchanged");
  const tables = shown.slice(0, extent.stacks);
  const parts = [
    `## Dynoform: ${headline(report)}`,
    losses(shown, extent),
    refusals(shown, extent),
    ...tables.map((stack) => stackPart(stack, extent)),
    left(shown.length - tables.length, "stack with changes", "stacks with changes"),
    ...removed
      .slice(0, extent.rows)
      .map(
        (stack) =>
          `### ${code(stack)}: its file is gone\n\nThe stack stays as it is. \`pulumi destroy --remove\` removes it with its data, where its file still is.`,
      ),
    left(removed.length - extent.rows, "removed file", "removed files"),
    noOps(unchanged, untouched, extent),
    `<sub>${base.slice(0, 10)}…${head.slice(0, 10)}</sub>`,
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function losses(stacks: readonly StackReport[], { rows }: Extent): string {
  const all = stacks.flatMap(({ stack, planned }) =>
    planned.flatMap(({ loses, act, name }) => (loses === undefined ? [] : [{ stack, loses, act, name }])),
  );
  if (all.length === 0) return "";
  const items = all
    .slice(0, rows)
    .map(
      ({ stack, loses, act, name }) =>
        `> - **${code(stack)}: the ${loses} ${code(name)} is ${act === "replace" ? "replaced by an empty one" : "deleted"}, and all that is stored in it**`,
    );
  const more = left(all.length - items.length, "loss", "losses");
  return ["> [!CAUTION]", "> **Data would be lost.**", ">", ...items, ...(more === "" ? [] : [`> - ${more}`])].join(
    "\n",
  );
}

function refusals(stacks: readonly StackReport[], { rows }: Extent): string {
  const all = stacks.flatMap(({ stack, denied }) => denied.map((each) => ({ stack, ...each })));
  if (all.length === 0) return "";
  const items = all
    .slice(0, rows)
    .map(
      ({ stack, rule, planned }) =>
        `- ${code(rule)} forbids to ${planned.act} ${code(planned.name)}. If that is meant, list it under ${code(ALLOW_DATA_LOSS)} in the file of ${code(stack)}.`,
    );
  const more = left(all.length - items.length, "refusal", "refusals");
  return ["**Refused by policy:**", "", ...items, ...(more === "" ? [] : [`- ${more}`])].join("\n");
}

function stackPart(report: StackReport, extent: Extent): string {
  const { stack, status, error = "", planned } = report;
  const title = `### ${code(stack)}`;
  if (status === "failed") return `${title}: the preview failed\n\n${fence(cut(error, 2000))}`;
  if (status === "elsewhere") {
    return `${title}: not previewed\n\n${line(report.why ?? "")}`;
  }
  const rows = [...planned].sort((a, b) => rank(b) - rank(a));
  const table = rows.slice(0, extent.rows).map(plannedRow);
  const more = left(rows.length - table.length, "change", "changes");
  return [
    `${title}: ${status === "new" ? "new, " : ""}${counts(planned)}`,
    "",
    "| | resource | what |",
    "| --- | --- | --- |",
    ...table,
    ...(more === "" ? [] : ["", more]),
  ].join("\n");
}

/** What is lost comes first, and what is made last. */
function rank({ act, loses }: Planned): number {
  return (loses === undefined ? 0 : 10) + { delete: 3, replace: 2, update: 1, create: 0 }[act];
}

function plannedRow({ act, type, name, differences, loses }: Planned): string {
  const done = loses === undefined ? ACTS[act] : `**${ACTS[act]}**`;
  const lost = loses === undefined ? "" : `**What the ${loses} holds is lost.**`;
  const what = [reasons(act, differences), lost].filter((part) => part !== "").join(". ");
  return row(done, `${code(shortType(type))} ${code(name)}`, what);
}

/** Of a replacement, what makes it one. */
function reasons(act: Act, differences: readonly Difference[]): string {
  const telling = act === "replace" ? differences.filter(({ replaces }) => replaces) : differences;
  const all = telling.length > 0 ? telling : differences;
  if (all.length === 0) return act === "replace" ? "because what it depends on is replaced" : "";
  const said = all.slice(0, SHOWN).map(differenceText).join(", ");
  const more = all.length > SHOWN ? ` and ${all.length - SHOWN} more` : "";
  return `${act === "replace" ? "because of " : ""}${said}${more}`;
}

function differenceText({ path, was, is }: Difference): string {
  if (was === undefined && is === undefined) return code(path);
  if (was === is) return code(path);
  return `${code(path)}: ${was === undefined ? "none" : code(was)} → ${is === undefined ? "none" : code(is)}`;
}

function counts(planned: readonly Planned[]): string {
  const said = (["create", "update", "replace", "delete"] as const).flatMap((act) => {
    const count = planned.filter((each) => each.act === act).length;
    return count === 0 ? [] : [`${count} ${ACTS[act]}`];
  });
  return said.length === 0 ? "only outputs change" : said.join(", ");
}

function noOps(unchanged: readonly StackReport[], untouched: number, { rows }: Extent): string {
  if (unchanged.length + untouched === 0) return "";
  const said = [
    ...(unchanged.length > 0 ? [`${unchanged.length} without changes`] : []),
    ...(untouched > 0 ? [`${untouched} not touched`] : []),
  ].join(", ");
  if (unchanged.length === 0)
    return `<details><summary>${said}</summary>\n\nThe change has nothing of theirs.\n\n</details>`;
  const listed = unchanged.slice(0, rows).map(({ stack, same }) => `- ${code(stack)}: ${same} stay as they are`);
  const more = left(unchanged.length - listed.length, "stack", "stacks");
  return [
    `<details><summary>${said}</summary>`,
    "",
    ...listed,
    ...(more === "" ? [] : [`- ${more}`]),
    "",
    "</details>",
  ].join("\n");
}

function left(count: number, one: string, many: string): string {
  return count > 0 ? `… and ${count} more ${count === 1 ? one : many}: the job's log has all` : "";
}

/** `docker:index/network:Network` reads as `docker:Network`. */
export function shortType(type: string): string {
  const parts = type.split(":");
  return `${parts[0]}:${parts.at(-1)}`;
}
