import { type Html, html } from "./html.ts";
import { card, page } from "./layout.ts";
import type { Visit } from "./visit.ts";

const TITLES: Readonly<Record<number, string>> = {
  403: "That is not yours to do",
  404: "There's nothing here",
  405: "That is no page",
  409: "Somebody else is at it",
  429: "Too many tries",
};

/** What is shown instead of a page that could not be made. */
export function errorPage(visit: Visit, status: number, message: string): Html {
  const title = TITLES[status] ?? (status >= 500 ? "Something went wrong" : "That did not work");
  const main = html`<h1>${title}</h1><p class="error-text">${message}</p><p class="soft">Go back with your browser, or to <a href="/">the start</a>.</p>`;
  return visit.session === undefined
    ? card(visit, { title, main })
    : page(visit, { title, main: html`<div class="card narrow">${main}</div>` });
}
