import { notFound } from "../../api/errors.ts";
import { type Html, html } from "../../web/html.ts";
import { notice } from "../../web/layout.ts";
import type { MemberRoute, MemberVisit, Reply } from "../../web/visit.ts";
import { withDone } from "../acts.ts";
import type { Context } from "../context.ts";
import { duration } from "../format.ts";
import type { Progress, ProgressBook } from "../progress.ts";

/** Seconds between two looks of a browser without scripts. */
const REFRESH_SECONDS = 2;

export function progressPages(context: Context, book: ProgressBook): MemberRoute[] {
  return [["GET", "/progress/:progress", (visit) => show(context, book, visit)]];
}

async function show({ ports, frames }: Context, book: ProgressBook, visit: MemberVisit): Promise<Reply> {
  const progress = book.find(visit.params.progress ?? "", visit.session.caller.id);
  if (progress === undefined) {
    // What was begun goes on all the same when this process was replaced meanwhile.
    throw notFound("progress", "what you began here; the app's Activity page tells how it ended");
  }
  const { end, title, app } = progress;
  if (end?.result === "done") return { redirect: withDone(end.next, progress.id) };
  const log = app === undefined ? "" : await ports.progress(app).catch(() => "");
  const main = end === undefined ? running(progress, log, ports.clock()) : failed(progress, end.message, ports);
  const refresh = end === undefined ? REFRESH_SECONDS : undefined;
  return { document: frames.plain(visit, { title, refresh, main }) };
}

function running({ title, startedAt }: Progress, log: string, now: number): Html {
  return html`<div class="card narrow wide" data-progress><h1>${title}</h1>
<p class="soft" role="status">Under way for ${duration(now - startedAt)}. It goes on if you leave this page.</p>
<progress class="gap" aria-label="${title}"></progress>
${log.trim() !== "" && html`<pre class="log short" tabindex="0">${log.trim()}</pre>`}
<noscript><p class="soft small">This page looks again every ${REFRESH_SECONDS} seconds.</p></noscript></div>`;
}

function failed({ title, app, startedAt, back }: Progress, message: string, ports: Context["ports"]): Html {
  const log = app === undefined ? undefined : failureLog(ports, app, startedAt);
  return html`<div class="card narrow wide"><h1>${title}</h1>${notice("error", html`<p>It failed, and everything was put back as it was.</p><pre class="said">${message}</pre>`)}
${log !== undefined && html`<h2>Log</h2><pre class="log short" tabindex="0">${log}</pre>`}
<div class="actions"><a class="button second" href="${back}">Back</a></div></div>`;
}

function failureLog(ports: Context["ports"], app: string, since: number): string | undefined {
  const found = ports
    .activity(app, 20)
    .find(({ result, startedAt }) => result === "failed" && startedAt >= since - 1000);
  const log = found?.log?.trim();
  return log === "" ? undefined : log;
}
