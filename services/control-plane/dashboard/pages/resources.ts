import { MAX_QUANTITY } from "../../../../model/app/formation.ts";
import { DYNO_SIZE_NAMES, DYNO_SIZES, type DynoSizeName } from "../../../../model/app/sizes.ts";
import { invalid } from "../../api/errors.ts";
import { shownSize } from "../../api/sizes.ts";
import { flag, type Html, html } from "../../web/html.ts";
import { ICONS } from "../../web/icons.ts";
import { form } from "../../web/layout.ts";
import type { MemberRoute, MemberVisit } from "../../web/visit.ts";
import type { Wish } from "../acts.ts";
import type { ApiAddon, ApiDyno, ApiFormation } from "../answers.ts";
import { path } from "../api.ts";
import { dynoBadge } from "../app-states.ts";
import { type AppVisit, appPage, type Context } from "../context.ts";
import { ago, megabytes } from "../format.ts";
import { appPath } from "../frames.ts";
import { addonActs, addonsCard } from "./addons.ts";

export function resourcesPages(context: Context): MemberRoute[] {
  const { acts } = context;
  return [
    appPage(context, "/apps/:app/resources", "resources", (found) => resources(context, found)),
    acts.route("/apps/:app/scale", (visit) => scale(context, visit)),
    acts.route("/apps/:app/restart", (visit) => {
      const { app = "" } = visit.params;
      const dyno = visit.form.get("dyno") ?? "";
      return {
        title: dyno === "" ? `Restart ${app}` : `Restart ${dyno} of ${app}`,
        app,
        order: { method: "DELETE", path: dyno === "" ? path`/apps/${app}/dynos` : path`/apps/${app}/dynos/${dyno}` },
        atOnce: true,
        confirm: "Restart",
        back: appPath(app, "resources"),
        done: dyno === "" ? "All dynos are being restarted." : `${dyno} is being restarted.`,
      };
    }),
    ...addonActs(context),
  ];
}

async function resources(context: Context, found: AppVisit): Promise<Html> {
  const { visit, app } = found;
  const { api, ports } = context;
  const base = path`/apps/${app.name}`;
  const [formation, dynos, addons] = await Promise.all([
    api.get<ApiFormation[]>(visit, `${base}/formation`),
    api.get<ApiDyno[]>(visit, `${base}/dynos`),
    api.find<ApiAddon[]>(visit, `${base}/addons`),
  ]);
  return html`<section class="card"><header><h2>Dynos</h2></header>${formation.length === 0 ? html`<p class="soft">A Procfile names what there is to run, e.g. <code>web: uwsgi uwsgi.ini</code>. Push one first.</p>` : scaleForm(visit, app.name, formation)}</section>
${dynos.length > 0 && running(visit, app.name, dynos, ports.clock())}
${addons !== undefined && (await addonsCard(context, found, addons))}`;
}

function scaleForm(visit: MemberVisit, app: string, formation: readonly ApiFormation[]): Html {
  const rows = formation.map(({ type, command, quantity, size }) => {
    const id = `dyno-${type}`;
    return html`<tr><td><strong>${type}</strong><br><code class="soft">${command}</code></td>
<td class="narrow-cell"><label class="hidden" for="${id}-quantity">Number of ${type} dynos</label><input id="${id}-quantity" name="quantity.${type}" type="number" min="0" max="${MAX_QUANTITY}" value="${quantity}" required></td>
<td class="size-cell"><label class="hidden" for="${id}-size">Size of ${type} dynos</label><select id="${id}-size" name="size.${type}">${DYNO_SIZE_NAMES.map((name) => sizeOption(name, size))}</select></td></tr>`;
  });
  return form(
    visit,
    { action: path`/apps/${app}/scale` },
    html`<table class="stack"><thead><tr><th scope="col">Process type</th><th scope="col">Dynos</th><th scope="col">Size</th></tr></thead><tbody>${rows}</tbody></table><div class="actions"><button>Preview the change</button></div>`,
  );
}

function sizeOption(name: DynoSizeName, current: string): Html {
  const { memory } = DYNO_SIZES[name];
  const shown = shownSize(name);
  return html`<option value="${name}"${flag("selected", shown === current)}>${shown} (${megabytes(memory)})</option>`;
}

/** Only what differs is asked for, so that the preview and the record of it say what was meant. */
async function scale({ api }: Context, visit: MemberVisit): Promise<Wish> {
  const { app = "" } = visit.params;
  const present = await api.get<ApiFormation[]>(visit, path`/apps/${app}/formation`);
  const wishes = [...visit.form].flatMap(([name, value]) => {
    const [, type] = /^quantity\.(.+)$/.exec(name) ?? [];
    if (type === undefined) return [];
    if (!/^\d{1,3}$/.test(value.trim()))
      throw invalid("quantity", `The number of ${type} dynos must be 0 to ${MAX_QUANTITY}.`);
    return [{ type, quantity: Number(value), size: visit.form.get(`size.${type}`) ?? undefined }];
  });
  const updates = wishes.filter(({ type, quantity, size }) => {
    const known = present.find((each) => each.type === type);
    return known?.quantity !== quantity || known.size !== shownSize(size ?? known.size);
  });
  if (updates.length === 0) throw invalid("quantity", "That is how it is already; nothing would change.");
  const wanted = updates.map(
    ({ type, quantity, size }) => `${type} at ${quantity}${size === undefined ? "" : ` × ${shownSize(size)}`}`,
  );
  return {
    title: `Scale ${app}`,
    app,
    order: { method: "PATCH", path: path`/apps/${app}/formation`, body: { updates } },
    confirm: "Scale",
    back: appPath(app, "resources"),
    done: `Scaled: ${wanted.join(", ")}.`,
  };
}

function running(visit: MemberVisit, app: string, dynos: readonly ApiDyno[], now: number): Html {
  const restart = (text: string, dyno: string) =>
    form(
      visit,
      { action: path`/apps/${app}/restart` },
      html`<input type="hidden" name="dyno" value="${dyno}"><button class="second small">${text}<span class="hidden"> ${dyno}</span></button>`,
    );
  const rows = dynos.map(
    ({ name, size, state, command, updated_at: since }) =>
      html`<li><div class="grow"><span class="title">${name}</span> <span class="soft small">${size}</span><br><code class="soft">${command}</code></div>${dynoBadge(state)}<span class="soft small">since ${ago(since, now)}</span>${restart("Restart", name)}</li>`,
  );
  return html`<section class="card"><header><h2>Running now</h2>${restart("Restart all", "")}</header><ul class="rows">${rows}</ul><p class="soft small">${ICONS.clock} Free and Eco dynos sleep after 30 minutes without a request.</p></section>`;
}
