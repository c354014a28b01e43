import { type Html, html } from "../web/html.ts";
import { ICONS } from "../web/icons.ts";
import { type Frame, notice, page } from "../web/layout.ts";
import type { MemberVisit } from "../web/visit.ts";
import type { ApiApp } from "./answers.ts";
import { type AppState, badge } from "./app-states.ts";
import type { ProgressBook } from "./progress.ts";

/** The pages of an app, in the order of their tabs. */
const TABS = [
  ["overview", "Overview"],
  ["resources", "Resources"],
  ["deploy", "Deploy"],
  ["metrics", "Metrics"],
  ["activity", "Activity"],
  ["logs", "Logs"],
  ["settings", "Settings"],
] as const;

export type Tab = (typeof TABS)[number][0];

interface AppFrame {
  readonly app: ApiApp;
  readonly state: AppState | undefined;
  readonly tab: Tab;
  readonly main: Html;
  readonly refresh?: number;
}

/** What stands around the content of the dashboard's pages. */
export class Frames {
  readonly #book: ProgressBook;

  constructor(book: ProgressBook) {
    this.#book = book;
  }

  /** A page of no app's; what was just done is said on top. */
  plain(visit: MemberVisit, frame: Frame): Html {
    return page(visit, { section: "apps", ...frame, main: html`${this.#done(visit)}${frame.main}` });
  }

  app(visit: MemberVisit, { app, state, tab, main, refresh }: AppFrame): Html {
    const name = TABS.find(([id]) => id === tab)?.[1] ?? "";
    return page(visit, {
      title: `${app.name}: ${name}`,
      section: "apps",
      refresh,
      main: html`<div class="head"><div><p class="crumb"><a href="/apps">Apps</a> <span class="soft">/</span></p><h1>${app.name} ${badge(state, app.maintenance)}</h1></div>
<a class="button second" href="${app.web_url}" rel="noreferrer">${ICONS.open}Open app</a></div>
<nav class="tabs" aria-label="${app.name}">${TABS.map(([id, text]) => html`<a href="${appPath(app.name, id)}"${id === tab && html` aria-current="page"`}>${text}</a>`)}</nav>
${this.#done(visit)}${main}`,
    });
  }

  #done(visit: MemberVisit): Html | undefined {
    const progress = this.#book.find(visit.query.get("done") ?? "", visit.session.caller.id);
    return progress?.end?.result === "done" ? notice("done", progress.end.message) : undefined;
  }
}

/** Where a page of an app is. */
export function appPath(app: string, tab: Tab = "overview"): string {
  const base = `/apps/${encodeURIComponent(app)}`;
  return tab === "overview" ? base : `${base}/${tab}`;
}
