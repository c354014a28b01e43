import { invalid } from "../../api/errors.ts";
import { field } from "../../web/form.ts";
import { type Html, html } from "../../web/html.ts";
import { form } from "../../web/layout.ts";
import type { MemberRoute, MemberVisit } from "../../web/visit.ts";
import { path } from "../api.ts";
import type { Context } from "../context.ts";
import { appPath } from "../frames.ts";

export function configActs({ acts }: Context): MemberRoute[] {
  const change = (visit: MemberVisit, name: string, value: string | null) => {
    const { app = "" } = visit.params;
    if (name === "") throw invalid("name", "The config var needs a name.");
    return {
      title: value === null ? `Remove ${name}` : `Set ${name}`,
      app,
      order: { method: "PATCH", path: path`/apps/${app}/config-vars`, body: { [name]: value } },
      summary: html`<p>The app is restarted with it, as a new release.</p>`,
      confirm: value === null ? `Remove ${name}` : `Set ${name}`,
      back: `${appPath(app, "settings")}#config`,
      done: value === null ? `${name} is removed.` : `${name} is set.`,
    } as const;
  };
  return [
    acts.route("/apps/:app/config", (visit) => {
      // Browsers send line breaks as two characters; a config var has what was typed.
      const value = (visit.form.get("value") ?? "").replaceAll("\r\n", "\n");
      return change(visit, field(visit.form, "name"), value);
    }),
    acts.route("/apps/:app/config/remove", (visit) => change(visit, field(visit.form, "name"), null)),
  ];
}

/** @param attached the config vars that add-ons set, which only they change */
export function configCard(
  visit: MemberVisit,
  app: string,
  config: Readonly<Record<string, string>>,
  { attached, reveal }: { readonly attached: readonly string[]; readonly reveal: boolean },
): Html {
  const entries = Object.entries(config);
  const toggle = reveal
    ? html`<a class="button second small" href="${appPath(app, "settings")}#config">Hide values</a>`
    : form(
        visit,
        { action: `${appPath(app, "settings")}#config` },
        html`<button class="second small">Reveal values</button>`,
      );
  const rows = entries.map(([name, value]) => {
    const shown = reveal ? html`<code class="value">${value}</code>` : html`<span class="masked soft">••••••••</span>`;
    if (attached.includes(name))
      return html`<li><code>${name}</code>${shown}<span class="soft small">add-on's</span></li>`;
    return html`<li><code>${name}</code>${shown}<div class="act">${removal(visit, app, name)}</div>${reveal && edition(visit, app, name, value)}</li>`;
  });
  return html`<section class="card" id="config"><header><h2>Config vars</h2>${entries.length > 0 && toggle}</header>
${entries.length === 0 ? html`<p class="soft">None. The app reads them from its environment.</p>` : html`<ul class="rows config">${rows}</ul>`}
<h3 class="gap">Add a config var</h3>
${form(
  visit,
  { action: path`/apps/${app}/config`, class: "line" },
  html`<div class="field"><label for="config-name">Name</label><input id="config-name" name="name" class="mono" required pattern="[A-Za-z_][A-Za-z0-9_]*" autocomplete="off" autocapitalize="none" spellcheck="false" placeholder="GREETING"></div>
<div class="field wide-field"><label for="config-value">Value</label><textarea id="config-value" name="value" class="mono" rows="1" autocomplete="off" spellcheck="false"></textarea></div><button class="second">Preview</button>`,
)}</section>`;
}

function removal(visit: MemberVisit, app: string, name: string): Html {
  return form(
    visit,
    { action: path`/apps/${app}/config/remove` },
    html`<input type="hidden" name="name" value="${name}"><button class="plain danger">Remove<span class="hidden"> ${name}</span></button>`,
  );
}

function edition(visit: MemberVisit, app: string, name: string, value: string): Html {
  const rows = Math.min(8, value.split("\n").length);
  // A browser takes the first line break of a textarea for layout.
  const fields = html`<input type="hidden" name="name" value="${name}"><div class="field"><label class="hidden" for="edit-${name}">New value of ${name}</label><textarea id="edit-${name}" name="value" class="mono" rows="${rows}" autocomplete="off" spellcheck="false">${"\n"}${value}</textarea></div><button class="second small">Preview the change<span class="hidden"> of ${name}</span></button>`;
  return html`<details class="whole"><summary>Edit<span class="hidden"> ${name}</span></summary>${form(visit, { action: path`/apps/${app}/config` }, fields)}</details>`;
}
