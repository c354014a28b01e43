import { type Html, html } from "../../web/html.ts";

/** A line of a plot; null where nothing is known. */
interface Series {
  readonly name: string;
  /** In the style sheet: `other`, `errors`, `limit`; none for the first. */
  readonly kind?: string;
  readonly values: readonly (number | null)[];
  /** Whether the space below is filled. */
  readonly filled?: boolean;
}

interface PlotOptions {
  readonly title: string;
  /** In words, for those who do not see it. */
  readonly summary: string;
  readonly series: readonly Series[];
  /** What is said when there is nothing to draw. */
  readonly none: string;
  /** What the highest value is called. */
  shown(value: number): string;
  /** Of the start, the middle and the end. */
  readonly labels: readonly [string, string, string];
}

/** Units of the drawing, which is stretched to the width that there is. */
const WIDTH = 600;
const HEIGHT = 160;

/** Lines over time as a drawing that needs no script; its words are text beside it, so that they keep their size. */
export function plot({ title, summary, series, none, shown, labels }: PlotOptions): Html {
  const known = series.filter(({ kind }) => kind !== "limit").flatMap(({ values }) => values);
  if (!known.some((value) => value !== null && value > 0)) return html`<h2>${title}</h2><p class="soft">${none}</p>`;
  const most = niceCeiling(Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0))));
  const drawn = series.map(({ kind = "", values, filled }) => {
    const runs = runsOf(values, most);
    return html`${filled === true && runs.map((run) => html`<path class="area" d="${area(run)}"/>`)}${runs.map((run) => html`<path class="curve ${kind}" d="${line(run)}"/>`)}`;
  });
  const grid = [0.25, 0.5, 0.75].map((share) => html`<path class="grid" d="M0 ${share * HEIGHT}H${WIDTH}"/>`);
  return html`<figure class="chart"><figcaption><h2>${title}</h2>${
    series.length > 1 &&
    html`<span class="legend">${series.map(({ name, kind = "" }) => html`<span class="${kind}">${name}</span>`)}</span>`
  }</figcaption>
<div class="canvas"><span class="highest soft small">${shown(most)}</span><svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${summary}">${grid}${drawn}</svg><div class="times soft small">${labels.map((label) => html`<span>${label}</span>`)}</div></div></figure>`;
}

/** A column for each value. @param summary in words, for those who do not see it @param labels below the two ends */
export function columns(summary: string, values: readonly number[], labels: readonly [string, string]): Html {
  const most = Math.max(0, ...values);
  const width = WIDTH / Math.max(1, values.length);
  const drawn = values.map((value, index) => {
    const height = most === 0 ? 0 : round((value / most) * (HEIGHT - 4));
    return html`<rect class="column" x="${round(index * width + width * 0.1)}" y="${HEIGHT - height}" width="${round(width * 0.8)}" height="${height}"/>`;
  });
  return html`<div class="canvas"><svg class="plot low" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${summary}">${drawn}</svg><div class="times soft small">${labels.map((label) => html`<span>${label}</span>`)}</div></div>`;
}

type Point = readonly [x: number, y: number];

/** The pieces between which nothing is known. */
function runsOf(values: readonly (number | null)[], most: number): Point[][] {
  const runs: Point[][] = [];
  let run: Point[] | undefined;
  for (const [index, value] of values.entries()) {
    if (value === null) {
      run = undefined;
      continue;
    }
    if (run === undefined) {
      run = [];
      runs.push(run);
    }
    const x = (index / Math.max(1, values.length - 1)) * WIDTH;
    run.push([round(x), round(HEIGHT - (most === 0 ? 0 : (value / most) * (HEIGHT - 4)) - 1)]);
  }
  return runs;
}

function line(run: readonly Point[]): string {
  const [first = [0, 0]] = run;
  // One alone would be invisible.
  if (run.length === 1) return `M${first[0] - 2} ${first[1]}h4`;
  return `M${run.map((point) => point.join(" ")).join("L")}`;
}

function area(run: readonly Point[]): string {
  return `${line(run)}V${HEIGHT}H${run[0]?.[0] ?? 0}Z`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The next round number. */
export function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value) ?? 10) * power;
}
