/** A series at one moment. */
export interface ParsedSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric as Prometheus' text format has it. */
export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly series: readonly ParsedSeries[];
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/y;

/**
 * Reads Prometheus' text format, more strictly than Prometheus does.
 *
 * @throws Error that names the line: no known form, a series of no family, twice the same, or buckets that do not add up
 */
export function parseMetrics(text: string): Map<string, Family> {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const families = new Map<string, { name: string; type: string; help: string; series: ParsedSeries[] }>();
  const seen = new Set<string>();
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const [, keyword, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (keyword === "HELP") {
      if (families.has(name)) throw new Error(`${name} comes twice`);
      families.set(name, { name, type: "", help: rest, series: [] });
    } else if (keyword === "TYPE") {
      const family = families.get(name);
      if (family === undefined) throw new Error(`no help before: ${line}`);
      family.type = rest;
    } else {
      const series = parseSeries(line);
      const key = `${series.name}${JSON.stringify(Object.entries(series.labels).sort())}`;
      if (seen.has(key)) throw new Error(`twice: ${line}`);
      seen.add(key);
      const family = families.get(series.name) ?? families.get(series.name.replace(/_(bucket|sum|count)$/, ""));
      if (family === undefined || family.type === "") throw new Error(`of no family: ${line}`);
      family.series.push(series);
    }
  }
  for (const family of families.values()) if (family.type === "histogram") checkBuckets(family);
  return families;
}

function parseSeries(line: string): ParsedSeries {
  const [, name, inner = "", number = ""] = LINE.exec(line) ?? [];
  const value = number === "+Inf" ? Number.POSITIVE_INFINITY : Number(number);
  if (name === undefined || Number.isNaN(value)) throw new Error(`no series: ${line}`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < inner.length) {
    const [, label, text = ""] = LABEL.exec(inner) ?? [];
    if (label === undefined) throw new Error(`no labels: ${line}`);
    labels[label] = text.replace(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped));
  }
  return { name, labels, value };
}

/** Of each histogram: buckets grow, and the last has all. */
function checkBuckets({ name, series }: Family): void {
  const groups = Map.groupBy(series, ({ labels: { le: _le, ...labels } }) => JSON.stringify(labels));
  for (const [labels, group] of groups) {
    const buckets = group.filter((each) => each.name === `${name}_bucket`);
    const counts = buckets.map(({ value }) => value);
    const bounds = buckets.map(({ labels: { le } }) => (le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le)));
    const count = group.find((each) => each.name === `${name}_count`)?.value;
    const ascending = (all: readonly number[]) => all.every((value, at) => value >= (all[at - 1] ?? 0));
    if (!ascending(counts) || !ascending(bounds)) throw new Error(`${name}${labels}: buckets do not grow`);
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY || counts.at(-1) !== count) {
      throw new Error(`${name}${labels}: the last bucket has not all`);
    }
    if (!group.some((each) => each.name === `${name}_sum`)) throw new Error(`${name}${labels}: no sum`);
  }
}
