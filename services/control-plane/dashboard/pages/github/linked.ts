import { forgeLabel } from "../../../github/forge/addresses.ts";
import { flag, type Html, html } from "../../../web/html.ts";
import { form, notice } from "../../../web/layout.ts";
import type { MemberVisit } from "../../../web/visit.ts";
import type { ApiBranch, ApiLink } from "../../answers.ts";
import { orProblem, path } from "../../api.ts";
import type { AppVisit, Context } from "../../context.ts";
import { ago, shortCommit } from "../../format.ts";
import { connectPath } from "./paths.ts";

/** What an app does that is connected to a repository. */
export async function linkedCards({ api, ports }: Context, { visit, app }: AppVisit, link: ApiLink): Promise<Html> {
  const { found, problem } = await orProblem(api.get<ApiBranch[]>(visit, place(app.name, "branches")));
  const branches = found?.map(({ name }) => name);
  return html`${connectedCard(visit, app.name, link, problem, ports.clock())}
${automaticCard(visit, app.name, link, branches)}
${manualCard(visit, app.name, link, branches)}`;
}

function place(app: string, act: string): string {
  return path`/apps/${app}/github/${act}`;
}

function connectedCard(visit: MemberVisit, app: string, link: ApiLink, unread: string | undefined, now: number): Html {
  const { repo, html_url: page, branch, stack, status } = link;
  const problem = unread ?? status.problem;
  const disconnect = html`<input type="hidden" name="repo" value="${repo}"><button class="second small danger">Disconnect…</button>`;
  return html`<section class="card" id="github">
<header><h2>App connected to ${forgeLabel(link.forge)}</h2>${form(visit, { action: place(app, "disconnect") }, disconnect)}</header>
<p>Code comes from <a href="${page}" rel="noreferrer">${repo}</a>.</p>
${notice("error", problem ?? undefined)}
${problem !== null && again(visit, app, link)}
${notice("info", status.waiting ?? undefined)}
<dl class="gap">
<dt>Head of ${branch}</dt><dd>${status.head === null ? "not known yet" : html`<code>${shortCommit(status.head)}</code>`}</dd>
<dt>Last look</dt><dd>${status.looked_at === null ? "none yet" : ago(status.looked_at, now)}</dd>
<dt>Pushes are learnt of</dt><dd>${status.by === "webhook" ? "by webhook" : "by polling, each minute"}</dd>
<dt>Declared in</dt><dd><code>stacks/Pulumi.${stack}.yaml</code></dd>
</dl>
</section>`;
}

/** What gives the link the visitor's own credential, if the one that it has holds no longer. */
function again(
  visit: MemberVisit,
  app: string,
  { repo, forge, branch, auto_deploy: auto, wait_for_ci: waits }: ApiLink,
): Html {
  const fields = { repo, branch, auto: auto ? "on" : "off", wait: waits ? "on" : "off" };
  const hidden = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  return form(
    visit,
    { action: place(app, "connect") },
    html`${hidden}<p class="soft small">If ${forgeLabel(forge)} lets the link in no longer: <a href="${connectPath(app)}">connect an account</a> that may see the repository, then</p><div class="actions"><button class="second small">Connect the repository again</button></div>`,
  );
}

function automaticCard(visit: MemberVisit, app: string, link: ApiLink, branches: readonly string[] | undefined): Html {
  const { auto_deploy: on, wait_for_ci: waits, branch } = link;
  const action = place(app, "automatic");
  const said = on
    ? html`<p>Each push to <code>${branch}</code> is deployed${waits && " once its checks have passed"}.</p>`
    : html`<p>Enable them, and each push to the chosen branch is deployed. Until then, deploy by hand below.</p>`;
  return html`<section class="card" id="automatic">
<header><h2>Automatic deploys</h2><span class="badge ${on ? "good" : ""}">${on ? "on" : "off"}</span></header>
${said}
${form(
  visit,
  { action, class: "gap" },
  html`<input type="hidden" name="enabled" value="on">
${branchField("automatic-branch", "Branch to deploy automatically", branch, branches)}
<div class="check"><input type="checkbox" id="wait" name="wait" value="on"${flag("checked", waits)}><label for="wait">Wait for CI to pass before deploy</label></div>
<div class="actions"><button class="${on ? "second" : ""}">${on ? "Save" : "Enable Automatic Deploys"}</button></div>`,
)}
${
  on &&
  form(
    visit,
    { action },
    html`<input type="hidden" name="enabled" value="off"><div class="actions"><button class="danger">Disable Automatic Deploys</button></div>`,
  )
}
</section>`;
}

function manualCard(
  visit: MemberVisit,
  app: string,
  { branch }: ApiLink,
  branches: readonly string[] | undefined,
): Html {
  return html`<section class="card" id="manual">
<header><h2>Manual deploy</h2></header>
<p>Deploys the present head of a branch, whatever its checks say.</p>
${form(
  visit,
  { action: place(app, "deploy"), class: "line gap" },
  html`${branchField("manual-branch", "Branch to deploy", branch, branches)}<button>Deploy Branch</button>`,
)}
</section>`;
}

/** @param branches undefined: they cannot be read */
function branchField(id: string, label: string, present: string, branches: readonly string[] | undefined): Html {
  const known = branches === undefined || branches.includes(present) ? branches : [present, ...branches];
  const control =
    known === undefined
      ? html`<input id="${id}" name="branch" value="${present}" required autocomplete="off" autocapitalize="none" spellcheck="false">`
      : html`<select id="${id}" name="branch">${known.map((name) => html`<option value="${name}"${flag("selected", name === present)}>${name}</option>`)}</select>`;
  return html`<div class="field"><label for="${id}">${label}</label>${control}</div>`;
}
