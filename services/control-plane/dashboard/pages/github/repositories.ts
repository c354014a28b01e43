import { forgeLabel } from "../../../github/forge/addresses.ts";
import { type Html, html } from "../../../web/html.ts";
import { ICONS } from "../../../web/icons.ts";
import { form, notice } from "../../../web/layout.ts";
import type { MemberVisit } from "../../../web/visit.ts";
import type { ApiGithubAccount, ApiRepository } from "../../answers.ts";
import { type ApiClient, orProblem, path } from "../../api.ts";
import type { AppVisit, Context } from "../../context.ts";
import { appPath } from "../../frames.ts";
import { connectPath, installUrl } from "./paths.ts";

/** Of an app that is connected to no repository: one is searched and chosen. */
export async function repositoryCard({ api }: Context, { visit, app }: AppVisit): Promise<Html> {
  const account = await api.get<ApiGithubAccount>(visit, "/account/github");
  if (!account.connected) return noAccount(app.name, forgeLabel(account.forge));
  const words = visit.query.get("q")?.trim();
  return html`<section class="card" id="github">
<header><h2>Connect to ${forgeLabel(account.forge)}</h2></header>
<p>Connected as <strong>${account.login}</strong>. <a href="${connectPath(app.name)}">Connect another account</a></p>
<form class="search" role="search" action="${appPath(app.name, "deploy")}#github">
<input type="hidden" name="method" value="github">
<label class="hidden" for="q">Search for a repository to connect to</label>
<input class="search-for" id="q" name="q" type="search" value="${words ?? ""}" placeholder="Repository name" autocapitalize="none" spellcheck="false">
<button class="second">${ICONS.search}Search</button>
</form>
${words === undefined ? html`<p class="soft small">Search for a repository by its name, or for all with an empty one.</p>` : await results(api, visit, app.name, words)}
${more(account)}
</section>`;
}

function noAccount(app: string, forge: string): Html {
  return html`<section class="card" id="github">
<header><h2>Connect to ${forge}</h2></header>
<p>Connect a ${forge} account, and choose the repository that ${app} is deployed from.</p>
<div class="actions"><a class="button" href="${connectPath(app)}">Connect to ${forge}</a></div>
</section>`;
}

async function results(api: ApiClient, visit: MemberVisit, app: string, words: string): Promise<Html | undefined> {
  const { found, problem } = await orProblem(find(api, visit, words));
  if (found === undefined) return notice("error", problem);
  if (found.length === 0) {
    return notice("error", `No repository that this connection may see has “${words}” in its name.`);
  }
  return html`<ul class="rows">${found.map((each) => row(visit, app, each))}</ul>`;
}

/** A whole name is looked up, so that it is said why it cannot be seen. */
async function find(api: ApiClient, visit: MemberVisit, words: string): Promise<readonly ApiRepository[]> {
  const [owner = "", name = "", ...rest] = words.split("/");
  if (owner !== "" && name !== "" && rest.length === 0) {
    return [await api.get<ApiRepository>(visit, path`/repos/${owner}/${name}`)];
  }
  const query = new URLSearchParams({ q: words });
  const { items } = await api.get<{ items: readonly ApiRepository[] }>(visit, `/github/search/repositories?${query}`);
  return items;
}

function row(visit: MemberVisit, app: string, { full_name: name, private: hidden }: ApiRepository): Html {
  const connect = html`<input type="hidden" name="repo" value="${name}"><button class="second small">Connect<span class="hidden"> ${name}</span></button>`;
  return html`<li><div class="grow"><span class="title">${name}</span> ${hidden && html`<span class="soft small">private</span>`}</div>
${form(visit, { action: path`/apps/${app}/github/connect` }, connect)}</li>`;
}

function more(account: ApiGithubAccount): Html | undefined {
  const url = installUrl(account);
  if (url === undefined) return undefined;
  return html`<p class="soft small gap">Is one missing? <a href="${url}" rel="noreferrer">Let the App see more repositories</a> at GitHub.</p>`;
}
