import { type Html, html } from "../../web/html.ts";
import type { MemberRoute } from "../../web/visit.ts";
import { adminOnly, type Context } from "../context.ts";
import { exact } from "../format.ts";
import { appPath } from "../frames.ts";

interface Entry {
  readonly id: number;
  readonly created_at: string;
  readonly user: { readonly email: string } | null;
  readonly via: string | null;
  readonly from: string | null;
  readonly method: string;
  readonly path: string;
  readonly app: string | null;
  readonly status: number;
  readonly dry_run: boolean;
}

/** Entries on one page. */
const SHOWN = 100;

export function auditPages({ api, frames }: Context): MemberRoute[] {
  return [
    [
      "GET",
      "/audit",
      async (visit) => {
        adminOnly(visit);
        const before = /^\d{1,15}$/.exec(visit.query.get("before") ?? "")?.[0];
        const entries = await api.get<Entry[]>(
          visit,
          `/audit?max=${SHOWN}${before === undefined ? "" : `&before=${before}`}`,
        );
        const older = entries.length === SHOWN ? entries.at(-1)?.id : undefined;
        const main = html`<div class="head"><h1>Audit log</h1></div>
<section class="card"><p class="soft">Every call that changed something, or tried to; secrets are never in it.</p>${entries.length === 0 ? html`<p>Nothing yet.</p>` : table(entries)}
${older !== undefined && html`<div class="actions"><a class="button second" href="/audit?before=${older}">Older</a></div>`}</section>`;
        return { document: frames.plain(visit, { title: "Audit log", section: "audit", main }) };
      },
    ],
  ];
}

function table(entries: readonly Entry[]): Html {
  const rows = entries.map(
    ({ created_at: time, user, via, from, method, path, app, status, dry_run: dry }) =>
      html`<tr><td><time datetime="${time}">${exact(new Date(time))}</time></td><td>${user?.email ?? html`<span class="soft">nobody</span>`}<br><span class="soft small">${via}${from !== null && ` from ${from}`}</span></td><td><code>${method} ${path}</code>${dry && html` <span class="soft small">preview</span>`}</td><td>${app !== null && html`<a href="${appPath(app)}">${app}</a>`}</td><td><span class="badge ${status < 400 ? "good" : "bad"}">${status}</span></td></tr>`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Entries"><table class="gap"><thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">App</th><th scope="col">Answer</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}
