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

export function configCard(
  visit: MemberVisit,
  app: string,
  config: Readonly<Record<string, string>>,
  revealed: boolean,
): Html {
  const entries = Object.entries(config);
  const toggle = revealed
    ? html`<a class="button second small" href="${appPath(app, "settings")}#config">Hide values</a>`
    : form(
        visit,
        { action: `${appPath(app, "settings")}#config` },
        html`<button class="second small">Reveal values</button>`,
      );
  return html`<section class="card" id="config"><header><h2>Config vars</h2>${entries.length > 0 && toggle}</header>
${entries.length === 0 ? html`<p class="soft">None. The app reads them from its environment.</p>` : html`<ul class="rows">${entries.map(([name, value]) => row(visit, app, name, value, revealed))}</ul>`}
<h3 class="gap">Add a config var</h3>
${form(
  visit,
  { action: path`/apps/${app}/config` },
  html`<div class="line"><div class="field"><label for="config-name">Name</label><input id="config-name" name="name" class="mono" required pattern="[A-Za-z_][A-Za-z0-9_]*" autocomplete="off" autocapitalize="none" spellcheck="false" placeholder="GREETING"></div>
<div class="field wide-field"><label for="config-value">Value</label><textarea id="config-value" name="value" class="mono" rows="1" autocomplete="off" spellcheck="false"></textarea></div></div><div class="actions"><button class="second">Preview</button></div>`,
)}</section>`;
}

function row(visit: MemberVisit, app: string, name: string, value: string, revealed: boolean): Html {
  const remove = form(
    visit,
    { action: path`/apps/${app}/config/remove` },
    html`<input type="hidden" name="name" value="${name}"><button class="plain danger">Remove<span class="hidden"> ${name}</span></button>`,
  );
  if (!revealed)
    return html`<li><code class="grow">${name}</code><span class="soft" aria-label="hidden">••••••••</span>${remove}</li>`;
  const edit = form(
    visit,
    { action: path`/apps/${app}/config` },
    html`<input type="hidden" name="name" value="${name}"><div class="field"><label class="hidden" for="edit-${name}">New value of ${name}</label><textarea id="edit-${name}" name="value" class="mono" rows="${Math.min(8, value.split("\n").length)}" autocomplete="off" spellcheck="false">${"\n"}${value}</textarea></div><button class="second small">Preview the change<span class="hidden"> of ${name}</span></button>`,
  );
  return html`<li><code class="grow">${name}</code>${remove}<code class="value">${value}</code><details class="whole"><summary>Edit<span class="hidden"> ${name}</span></summary>${edit}</details></li>`;
}
