import { forgeLabel } from "../../github/forge/addresses.ts";
import { type Html, html } from "../../web/html.ts";
import type { MemberRoute } from "../../web/visit.ts";
import type { ApiGithubAccount, ApiLink } from "../answers.ts";
import { path } from "../api.ts";
import { type AppVisit, appPage, type Context } from "../context.ts";
import { gitCards } from "./deploy-git.ts";
import { githubActs } from "./github/acts.ts";
import { linkedCards } from "./github/linked.ts";
import { deployPath } from "./github/paths.ts";
import { repositoryCard } from "./github/repositories.ts";

const METHODS = ["git", "github"] as const;

export function deployPages(context: Context): MemberRoute[] {
  return [appPage(context, "/apps/:app/deploy", "deploy", (found) => deploy(context, found)), ...githubActs(context)];
}

/** An app that is connected is deployed by what it is connected to, unless one wants to see another way. */
async function deploy(context: Context, found: AppVisit): Promise<Html> {
  const { visit, app } = found;
  const link = await context.api.find<ApiLink>(visit, path`/apps/${app.name}/github`);
  const asked = visit.query.get("method");
  const method = METHODS.find((id) => id === asked) ?? (link === undefined ? "git" : "github");
  const { forge } = link ?? (await context.api.get<ApiGithubAccount>(visit, "/account/github"));
  const names = { git: "Git push", github: forgeLabel(forge) };
  return html`<section class="card" id="method">
<header><h2 id="method-name">Deployment method</h2></header>
<nav class="choice last" aria-labelledby="method-name">${METHODS.map(
    (id) =>
      html`<a class="button second" href="${deployPath(app.name, id)}"${id === method && html` aria-current="page"`}>${names[id]}</a>`,
  )}</nav>
</section>
${await cards(context, found, method, link)}`;
}

function cards(context: Context, found: AppVisit, method: string, link: ApiLink | undefined): Promise<Html> | Html {
  if (method === "git") return gitCards(context, found);
  return link === undefined ? repositoryCard(context, found) : linkedCards(context, found, link);
}
