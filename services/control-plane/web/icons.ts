import { type Html, html } from "./html.ts";

/** Drawn like those of the router's pages: lines in the colour of the text, nothing for who listens. */
function icon(paths: Html): Html {
  return html`<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${paths}</svg>`;
}

export const ICONS = {
  box: icon(
    html`<path d="M12 2.5 20.5 7.25v9.5L12 21.5l-8.5-4.75v-9.5Z"/><path d="m3.5 7.25 8.5 4.75 8.5-4.75M12 12v9.5"/>`,
  ),
  open: icon(html`<path d="M14 4h6v6M20 4l-9 9M18 14v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1h5"/>`),
  plus: icon(html`<path d="M12 5v14M5 12h14"/>`),
  warning: icon(html`<path d="M12 3.5 22 20.5H2Z"/><path d="M12 10v5m0 2.6v.1"/>`),
  check: icon(html`<path d="m4.5 12.5 5 5 10-11"/>`),
  clock: icon(html`<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>`),
  lock: icon(html`<rect x="5" y="10.5" width="14" height="10" rx="1.5"/><path d="M8 10.5V7.5a4 4 0 0 1 8 0v3"/>`),
  search: icon(html`<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/>`),
} as const;
