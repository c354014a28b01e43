import { field } from "../../web/form.ts";
import { type Html, html } from "../../web/html.ts";
import { form } from "../../web/layout.ts";
import type { MemberRoute } from "../../web/visit.ts";
import type { ApiAddon, ApiPlan } from "../answers.ts";
import { path } from "../api.ts";
import type { AppVisit, Context } from "../context.ts";
import { appPath } from "../frames.ts";

const SERVICE = "heroku-postgresql";

export function addonActs({ acts }: Context): MemberRoute[] {
  return [
    acts.route("/apps/:app/addons", (visit) => {
      const { app = "" } = visit.params;
      const plan = `${SERVICE}:${field(visit.form, "plan")}`;
      const name = field(visit.form, "as").toUpperCase();
      return {
        title: `Add Postgres to ${app}`,
        app,
        order: {
          method: "POST",
          path: path`/apps/${app}/addons`,
          body: { plan, attachment: name === "" ? {} : { name } },
        },
        confirm: "Add it",
        back: appPath(app, "resources"),
        done: "The database is there, and the app has its URL.",
      };
    }),
    acts.route("/apps/:app/addons/:addon/remove", (visit) => {
      const { app = "", addon = "" } = visit.params;
      return {
        title: `Remove ${addon}`,
        app,
        order: { method: "DELETE", path: path`/apps/${app}/addons/${addon}` },
        summary: html`<p>The database and <strong>all that is in it</strong> will be gone for good.</p>`,
        confirm: "Remove it with its data",
        danger: true,
        back: appPath(app, "resources"),
        done: `${addon} is gone.`,
      };
    }),
  ];
}

export async function addonsCard(
  { api }: Context,
  { visit, app: { name: app } }: AppVisit,
  addons: readonly ApiAddon[],
): Promise<Html> {
  const plans = (await api.find<ApiPlan[]>(visit, `/addon-services/${SERVICE}/plans`)) ?? [];
  const rows = addons.map(
    ({ name, plan, config_vars: variables, app: owner }) =>
      html`<li><div class="grow"><span class="title">${name}</span> <span class="soft small">${plan.name}</span><br><code class="soft">${variables.join(", ")}</code></div>${
        owner.name === app
          ? form(
              visit,
              { action: path`/apps/${app}/addons/${name}/remove` },
              html`<button class="danger small">Remove<span class="hidden"> ${name}</span></button>`,
            )
          : html`<span class="soft small">of ${owner.name}</span>`
      }</li>`,
  );
  return html`<section class="card"><header><h2>Add-ons</h2></header>${addons.length === 0 ? html`<p class="soft">None yet.</p>` : html`<ul class="rows">${rows}</ul>`}
<h3 class="gap">Add a Postgres database</h3>
${form(
  visit,
  { action: path`/apps/${app}/addons`, class: "line" },
  html`<div class="field"><label for="plan">Plan</label><select id="plan" name="plan">${plans.map(({ name }) => name.replace(`${SERVICE}:`, "")).map((plan) => html`<option value="${plan}">${plan}</option>`)}</select></div>
<div class="field"><label for="as">Attach as</label><input id="as" name="as" class="mono" placeholder="DATABASE" pattern="[A-Za-z][A-Za-z0-9_]*" autocomplete="off"></div>
<button class="second">Preview</button>`,
)}</section>`;
}
