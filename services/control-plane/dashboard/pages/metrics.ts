import { DYNO_SIZES, type DynoSizeName } from "../../../../model/app/sizes.ts";
import { type Html, html } from "../../web/html.ts";
import type { MemberRoute } from "../../web/visit.ts";
import type { ApiFormation, ApiUsage } from "../answers.ts";
import { path } from "../api.ts";
import { type AppVisit, appPage, type Context } from "../context.ts";
import { hours, megabytes } from "../format.ts";
import { appPath } from "../frames.ts";
import { columns, plot } from "../metrics/plot.ts";
import { type Slot, slots } from "../metrics/slots.ts";

/** What can be looked at: so many hours, in slots of so many minutes. */
const RANGES = [
  { hours: 1, minutes: 1, name: "Hour", half: "30 min ago" },
  { hours: 6, minutes: 5, name: "6 hours", half: "3 h ago" },
  { hours: 24, minutes: 15, name: "Day", half: "12 h ago" },
] as const;

const HOUR_MS = 3_600_000;

export function metricsPages(context: Context): MemberRoute[] {
  return [appPage(context, "/apps/:app/metrics", "metrics", (found) => metrics(context, found))];
}

async function metrics({ api, ports }: Context, { visit, app }: AppVisit): Promise<Html> {
  const wanted = Number(visit.query.get("hours"));
  const range = RANGES.find((each) => each.hours === wanted) ?? RANGES[0];
  const [formation, usage] = await Promise.all([
    api.get<ApiFormation[]>(visit, path`/apps/${app.name}/formation`),
    api.get<ApiUsage>(visit, path`/apps/${app.name}/usage`),
    ports.lookAtMemory(app.name).catch(() => {}),
  ]);
  const now = ports.clock();
  const samples = ports.metrics.of(app.name, now - range.hours * HOUR_MS);
  const all = slots(samples, now, range.minutes, (range.hours * 60) / range.minutes);
  const labels = [`${range.hours} h ago`, range.half, "now"] as const;
  const choice = RANGES.map(
    ({ hours: each, name }) =>
      html`<a class="button second small" href="${appPath(app.name, "metrics")}?hours=${each}"${each === range.hours && html` aria-current="true"`}>${name}</a>`,
  );
  return html`<nav class="choice" aria-label="Range">${choice}</nav>
<div class="columns">
<section class="card">${requests(all, range.minutes, labels)}</section>
<section class="card">${times(all, labels)}</section>
<section class="card">${memory(all, limitOf(formation), labels)}</section>
<section class="card">${usageCard(usage, ports.daily(app.name, usage.month))}</section>
</div>`;
}

type Labels = readonly [string, string, string];

function requests(all: readonly Slot[], minutes: number, labels: Labels): Html {
  const total = all.reduce((sum, slot) => sum + slot.requests, 0);
  const errors = all.reduce((sum, slot) => sum + slot.errors, 0);
  const perMinute = (of: (slot: Slot) => number) => all.map((slot) => of(slot) / minutes);
  return plot({
    title: "Requests a minute",
    summary: `${total} requests, ${errors} of them failed`,
    series: [
      { name: `all: ${total.toLocaleString("en")}`, values: perMinute(({ requests }) => requests), filled: true },
      {
        name: `failed: ${errors.toLocaleString("en")}`,
        kind: "errors",
        values: errors === 0 ? [] : perMinute((slot) => slot.errors),
      },
    ],
    none: "No requests in this time.",
    shown: (value) => `${value.toLocaleString("en")} a minute`,
    labels,
  });
}

function times(all: readonly Slot[], labels: Labels): Html {
  const known = all.filter(({ median }) => median !== null);
  const most = Math.max(0, ...known.map(({ p95 }) => p95 ?? 0));
  return plot({
    title: "Response time",
    summary: known.length === 0 ? "No responses" : `95 of 100 responses came within ${most} ms at worst`,
    series: [
      { name: "median", values: all.map(({ median }) => median) },
      { name: "95 of 100 within", kind: "other", values: all.map(({ p95 }) => p95) },
    ],
    none: "No responses in this time.",
    shown: (value) => `${value.toLocaleString("en")} ms`,
    labels,
  });
}

function memory(all: readonly Slot[], limit: number | undefined, labels: Labels): Html {
  const known = all.flatMap(({ memory: bytes }) => (bytes === null ? [] : [bytes]));
  const inMegabytes = (bytes: number | null) => (bytes === null ? null : bytes / 1024 ** 2);
  return plot({
    title: "Memory of the largest dyno",
    summary: known.length === 0 ? "No dyno was seen" : `At most ${megabytes(Math.max(...known))}`,
    series: [
      {
        name: known.length === 0 ? "none seen" : `at most ${megabytes(Math.max(...known))}`,
        values: all.map((slot) => inMegabytes(slot.memory)),
        filled: true,
      },
      ...(limit === undefined
        ? []
        : [{ name: `limit ${megabytes(limit)}`, kind: "limit", values: all.map(() => inMegabytes(limit)) }]),
    ],
    none: "No dyno was seen running in this time.",
    shown: (value) => `${value.toLocaleString("en")} MB`,
    labels,
  });
}

/** Bytes of the largest size that the app has dynos of. */
function limitOf(formation: readonly ApiFormation[]): number | undefined {
  const sizes = formation.filter(({ quantity }) => quantity > 0).map(({ size }) => size.toLowerCase() as DynoSizeName);
  const bytes = sizes.flatMap((size) => DYNO_SIZES[size]?.memory ?? []);
  return bytes.length === 0 ? undefined : Math.max(...bytes);
}

function usageCard({ month, dynos, quota }: ApiUsage, daily: readonly number[]): Html {
  const { used, seconds, used_by_app: own, per } = quota;
  const total = dynos.reduce((sum, each) => sum + each.seconds, 0);
  const name = new Date(`${month}-01T00:00:00Z`).toLocaleDateString("en-GB", {
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
  return html`<h2>Dyno hours</h2><p class="big">${hours(total)}</p><p class="soft">in ${name}</p>
${total > 0 && columns(`Hours of each day: ${daily.map(hours).join(", ")}`, daily, ["first of the month", "today"])}
${
  seconds > 0 &&
  html`<p class="gap"><label for="quota">Free hours used${per === "account" && ", of all apps"}: ${hours(used)} of ${hours(seconds)}</label></p><progress id="quota" max="${seconds}" value="${Math.min(used, seconds)}"></progress>${per === "account" && html`<p class="soft small">${hours(own)} of them by this app</p>`}`
}
${dynos.length > 0 && html`<table class="gap"><thead><tr><th scope="col">Process type</th><th scope="col">Size</th><th scope="col" class="number">Hours</th></tr></thead><tbody>${dynos.map((each) => html`<tr><td>${each.type}</td><td>${each.size}</td><td class="number">${hours(each.seconds)}</td></tr>`)}</tbody></table>`}`;
}
