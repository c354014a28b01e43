import { assetUrl } from "./assets.ts";
import { CSRF_FIELD } from "./csrf.ts";
import { type Html, html } from "./html.ts";
import { ICONS } from "./icons.ts";
import type { Visit } from "./visit.ts";

/** The parts of the site that the bar on top leads to. */
type Section = "apps" | "pipelines" | "people" | "audit" | "account";

export interface Frame {
  /** Of the browser's tab, before the product's name. */
  readonly title: string;
  readonly main: Html;
  readonly section?: Section;
  /** Seconds after which the page is to be asked for again where no script does it. */
  readonly refresh?: number;
}

/** A page of somebody who is logged in. */
export function page(visit: Visit, frame: Frame): Html {
  return shell(
    frame,
    html`${bar(visit, frame.section)}<main id="main" class="page" tabindex="-1">${frame.main}</main>`,
  );
}

/** A page with one thing on it: to log in, to accept an invitation, an error. `main` begins with its heading. */
export function card(_visit: Visit, frame: Frame): Html {
  return shell(
    frame,
    html`<div class="alone"><header><a class="brand" href="/">${ICONS.box}<span>Dynoform</span></a></header><main id="main" class="card narrow" tabindex="-1">${frame.main}</main></div>`,
  );
}

/**
 * A form that may be trusted when it comes back.
 *
 * @param options `id` names the form where a field or a script refers to it
 */
export function form(
  visit: Pick<Visit, "csrf">,
  options: { readonly action: string; readonly class?: string; readonly id?: string },
  content: Html,
): Html {
  const { action, id, class: kind } = options;
  return html`<form method="post" action="${action}"${id && html` id="${id}"`}${kind && html` class="${kind}"`}><input type="hidden" name="${CSRF_FIELD}" value="${visit.csrf}">${content}</form>`;
}

/** What went wrong, or well, above what it is about. */
export function notice(kind: "error" | "done" | "info", content: Html | string | undefined): Html | undefined {
  if (content === undefined || content === "") return undefined;
  const icon = kind === "error" ? ICONS.warning : kind === "done" ? ICONS.check : ICONS.clock;
  return html`<div class="notice ${kind}" role="${kind === "error" ? "alert" : "status"}">${icon}<div>${content}</div></div>`;
}

function shell({ title, refresh }: Frame, body: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · Dynoform</title>
<link rel="icon" href="${assetUrl("favicon.svg")}" type="image/svg+xml">
<link rel="stylesheet" href="${assetUrl("style.css")}">
${refresh !== undefined && html`<noscript><meta http-equiv="refresh" content="${refresh}"></noscript>`}
<script src="${assetUrl("dashboard.js")}" type="module"></script>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
${body}
</body>
</html>
`;
}

function bar(visit: Visit, section: Section | undefined): Html {
  const { session } = visit;
  const link = (path: string, name: string, own: Section) =>
    html`<a href="${path}"${own === section && html` aria-current="true"`}>${name}</a>`;
  const admin = session?.caller.role === "admin";
  return html`<header class="bar"><div class="inner">
<a class="brand" href="/">${ICONS.box}<span>Dynoform</span></a>
${
  session !== undefined &&
  html`<nav class="main-nav" aria-label="Main">${link("/apps", "Apps", "apps")}${link("/pipelines", "Pipelines", "pipelines")}${admin && [link("/people", "People", "people"), link("/audit", "Audit log", "audit")]}${link("/account", "Account", "account")}</nav>
<div class="who"><span class="soft" title="${session.caller.email}">${session.caller.email}</span>${form(visit, { action: "/logout" }, html`<button class="plain">Log out</button>`)}</div>`
}
</div></header>`;
}
