import { INSTALLED_PATH, MADE_PATH } from "../../../github/connections/manifest.ts";
import { forgeLabel } from "../../../github/forge/addresses.ts";
import { field } from "../../../web/form.ts";
import { contentPolicy } from "../../../web/headers.ts";
import { type Html, html } from "../../../web/html.ts";
import { form, notice } from "../../../web/layout.ts";
import type { MemberRoute, MemberVisit, Reply } from "../../../web/visit.ts";
import type { ApiApp, ApiGithubAccount } from "../../answers.ts";
import { orProblem, path } from "../../api.ts";
import type { Context } from "../../context.ts";
import { ACCOUNT, afterConnecting, deployPath, installUrl } from "./paths.ts";

interface AppOrder {
  readonly action: string;
  readonly manifest: object;
}

/** How a visitor connects an account of GitHub's. */
export function connectPages(context: Context): MemberRoute[] {
  const { acts } = context;
  return [
    ["GET", "/github/connect", (visit) => connectPage(context, visit)],
    ["POST", "/github/token", (visit) => byToken(context, visit)],
    ["GET", MADE_PATH, (visit) => made(context, visit)],
    ["GET", INSTALLED_PATH, (visit) => installed(context, visit)],
    acts.route("/github/disconnect", () => ({
      title: "Forget the GitHub account",
      app: undefined,
      order: { method: "DELETE", path: "/account/github" },
      atOnce: true,
      confirm: "Forget it",
      back: ACCOUNT,
      done: "The GitHub account is forgotten here; its App or token stays at GitHub until you delete it there. Connected apps stay so.",
    })),
  ];
}

/** @param problem why it did not work, in one line */
export async function connectPage(context: Context, visit: MemberVisit, problem?: string): Promise<Reply> {
  const { api, frames } = context;
  const app = await appIn(context, visit);
  const organization = field(visit.query, "organization");
  const query = new URLSearchParams({ return_to: afterConnecting(app), organization });
  const [account, order] = await Promise.all([
    api.get<ApiGithubAccount>(visit, "/account/github"),
    orProblem(api.get<AppOrder>(visit, `/account/github/app-manifest?${query}`)),
  ]);
  const github = new URL(order.found?.action ?? account.base_url).origin;
  const title = `Connect to ${forgeLabel(account.forge)}`;
  const main = html`<div class="head"><div>${crumb(app)}<h1>${title}</h1></div></div>
${notice("error", problem)}
${present(account)}
${account.by_app && appCard(app, organization, order)}
${tokenCard(visit, app, account.forge === "gitea" ? giteaToken(account.base_url) : githubToken(github))}
${account.by_app && codeCard(visit, app, account)}`;
  return {
    status: problem === undefined ? 200 : 422,
    document: frames.plain(visit, { title, main }),
    headers: { "Content-Security-Policy": contentPolicy(github) },
  };
}

/** The app's name in the query or the form, if it is one of the visitor's. */
async function appIn({ api }: Context, { query, form: fields, ...visit }: MemberVisit): Promise<string> {
  const name = field(fields, "app") || field(query, "app");
  if (name === "") return "";
  const found = await api.find<ApiApp>({ query, form: fields, ...visit }, path`/apps/${name}`);
  return found?.name ?? "";
}

function crumb(app: string): Html | undefined {
  if (app === "") return undefined;
  return html`<p class="crumb"><a href="${deployPath(app)}">${app}</a> <span class="soft">/</span></p>`;
}

function present(account: ApiGithubAccount): Html | undefined {
  if (account.connected) {
    return notice("info", html`Connected as <strong>${account.login}</strong>. Another account takes its place.`);
  }
  const url = installUrl(account);
  if (url === undefined) return undefined;
  return notice("info", html`Your App is made. <a href="${url}" rel="noreferrer">Install it on repositories</a>.`);
}

function appCard(
  app: string,
  organization: string,
  { found, problem }: { readonly found?: AppOrder | undefined; readonly problem?: string | undefined },
): Html {
  const whose = organization === "" ? "of your own" : `of ${organization}`;
  return html`<section class="card" id="app">
<header><h2>With a GitHub App</h2><span class="badge good">best</span></header>
<p>GitHub makes an App ${whose} that sees only the repositories you choose. Two clicks there, and you are back here.</p>
${notice("error", problem)}
${
  found !== undefined &&
  // It goes to GitHub: our own token has no place in it.
  html`<form class="gap" method="post" action="${found.action}"><input type="hidden" name="manifest" value="${JSON.stringify(found.manifest)}"><button>Create the App at GitHub</button></form>`
}
<details class="gap"><summary>For the repositories of an organisation</summary>
<form class="line gap" action="/github/connect">
<input type="hidden" name="app" value="${app}">
<div class="field"><label for="organization">Its name at GitHub</label><input id="organization" name="organization" value="${organization}" autocomplete="off" autocapitalize="none" spellcheck="false" placeholder="octo-org"></div>
<button class="second">Make it the organisation's</button>
</form></details>
</section>`;
}

/** @param base of GitHub's pages */
function githubToken(base: string): Html {
  return html`<p>A <a href="${base}/settings/personal-access-tokens/new" rel="noreferrer">fine-grained token</a> for the repositories that you deploy, with read access to contents, and write access to commit statuses, deployments and webhooks. GitHub lets no such token read checks: to wait for CI, take an App.</p>`;
}

/** @param base of the Gitea's pages */
function giteaToken(base: string): Html {
  return html`<p>An <a href="${base}/user/settings/applications" rel="noreferrer">access token</a> that may read your user, and write repositories: it makes webhooks and sets commit statuses. A Gitea has neither Apps nor codes to type.</p>`;
}

/** @param which which token it is to be */
function tokenCard(visit: MemberVisit, app: string, which: Html): Html {
  return html`<section class="card" id="token">
<header><h2>With a token</h2></header>
${which}
${form(
  visit,
  { action: "/github/token", class: "line gap" },
  html`<input type="hidden" name="app" value="${app}">
<div class="field"><label for="github-token">Token</label><input id="github-token" name="token" type="password" required autocomplete="off" aria-describedby="token-hint"></div>
<button class="second">Connect with the token</button>`,
)}
<p class="hint" id="token-hint">It is kept sealed, and never shown again.</p>
</section>`;
}

function codeCard(visit: MemberVisit, app: string, { by_code: offered }: ApiGithubAccount): Html {
  return html`<section class="card" id="code">
<header><h2>With a code</h2></header>
${
  offered
    ? html`<p>You type a code at GitHub. It lets the platform into all repositories of yours: a GitHub App is narrower.</p>
${form(visit, { action: "/github/codes", class: "gap" }, html`<input type="hidden" name="app" value="${app}"><button class="second">Get a code</button>`)}`
    : html`<p class="soft">Not here: <code>dynoform:platform.github.clientId</code> is not set.</p>`
}
</section>`;
}

async function byToken(context: Context, visit: MemberVisit): Promise<Reply> {
  const body = { token: visit.form.get("token") ?? "" };
  const { problem } = await orProblem(context.api.order(visit, { method: "POST", path: "/account/github", body }));
  if (problem !== undefined) return connectPage(context, visit, problem);
  return { redirect: afterConnecting(await appIn(context, visit)) };
}

/** GitHub sends the browser here when it has made the App. */
async function made(context: Context, visit: MemberVisit): Promise<Reply> {
  const body = { code: field(visit.query, "code"), state: field(visit.query, "state") };
  const { found, problem } = await orProblem(
    context.api.order<{ install_url: string }>(visit, { method: "POST", path: "/account/github/app", body }),
  );
  return found === undefined ? connectPage(context, visit, problem) : { redirect: found.answer.install_url };
}

/** GitHub sends the browser here when the App is installed. */
async function installed(context: Context, visit: MemberVisit): Promise<Reply> {
  const [installation, state] = ["installation_id", "state"].map((name) => field(visit.query, name));
  if (installation === "" && visit.query.get("setup_action") === "request") {
    const asked = "The organisation's owners were asked to install the App. Come back when they have.";
    return connectPage(context, visit, asked);
  }
  const body = { installation_id: installation, ...(state && { state }) };
  const order = { method: "POST", path: "/account/github/app/installation", body } as const;
  const { found, problem } = await orProblem(context.api.order<{ return_to: string | null }>(visit, order));
  if (found === undefined) return connectPage(context, visit, problem);
  const next = found.answer.return_to ?? "";
  return { redirect: /^\/(?!\/)/.test(next) ? next : ACCOUNT };
}
