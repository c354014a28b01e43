import { LogStream } from "../../api/log-stream.ts";
import { timestamp } from "../../logs/line.ts";
import type { LogFilter, StoredLine } from "../../logs/ports.ts";
import { flag, type Html, html } from "../../web/html.ts";
import type { MemberRoute, MemberVisit } from "../../web/visit.ts";
import { path } from "../api.ts";
import { type AppVisit, appOf, appPage, type Context } from "../context.ts";

/** Lines on a page. */
const SHOWN = 300;

const SOURCES = [
  ["", "Everything"],
  ["app", "The app"],
  ["heroku", "The platform"],
] as const;

export function logsPages(context: Context): MemberRoute[] {
  const { ports } = context;
  return [
    appPage(context, "/apps/:app/logs", "logs", (found) => logs(context, found)),
    [
      "GET",
      "/apps/:app/logs/stream",
      async (visit) => {
        const { app } = await appOf(context, visit);
        const after = Number(visit.headers["last-event-id"] ?? visit.query.get("after") ?? 0) || 0;
        const options = { ...filterOf(visit), logs: ports.logs, app: app.name, lines: SHOWN, after, tail: true };
        return { stream: (response) => new LogStream(options, response).start() };
      },
    ],
  ];
}

function logs({ ports }: Context, { visit, app }: AppVisit): Html {
  const filter = filterOf(visit);
  const lines = ports.logs.read(app.name, { ...filter, lines: SHOWN });
  const newest = Math.max(0, ...lines.map(({ id }) => id));
  const query = new URLSearchParams({ ...filter, after: String(newest) });
  return html`<form class="line" role="search"><div class="field"><label for="source">From</label><select id="source" name="source">${SOURCES.map(([value, text]) => html`<option value="${value}"${flag("selected", value === (filter.source ?? ""))}>${text}</option>`)}</select></div>
<div class="field"><label for="dyno">Dyno or process type</label><input id="dyno" name="dyno" value="${filter.dyno}" placeholder="web, web.1, router" autocomplete="off" autocapitalize="none" spellcheck="false"></div>
<button class="second">Show</button></form>
<div class="log-head"><span class="soft small" role="status" data-log-state>The newest ${SHOWN} lines</span><button class="second small" type="button" data-log-pause aria-pressed="false" hidden>Pause</button><noscript><a href="${path`/apps/${app.name}/logs`}?${new URLSearchParams({ ...filter }).toString()}">Look for new lines</a></noscript></div>
<div class="log" role="log" aria-label="Log of ${app.name}" aria-live="off" tabindex="0" data-log="${path`/apps/${app.name}/logs/stream`}?${query.toString()}">${lines.map(line)}</div>`;
}

function line({ time, source, process, text }: StoredLine): Html {
  const at = timestamp(time);
  return html`<div><i>${at.slice(0, 10)} ${at.slice(11, 19)} </i><b>${source}[${process}]: </b>${text}</div>`;
}

function filterOf({ query }: MemberVisit): LogFilter {
  const [source, dyno] = [query.get("source")?.trim(), query.get("dyno")?.trim()];
  return {
    ...(source !== undefined && source !== "" && { source }),
    ...(dyno !== undefined && dyno !== "" && { dyno: dyno.slice(0, 100) }),
  };
}
