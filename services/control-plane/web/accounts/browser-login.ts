import type { Accounts } from "../../accounts/accounts.ts";
import { html } from "../html.ts";
import { card, form } from "../layout.ts";
import type { PublicRoute, Reply, Visit } from "../visit.ts";

/** To let a command line in that waits: `heroku login` opens `/auth/browser/<login>`. */
export function browserLoginPages(accounts: Accounts): PublicRoute[] {
  return [
    ["GET", "/auth/browser/:login", (visit) => ask(accounts, visit)],
    ["POST", "/auth/browser/:login", (visit) => decide(accounts, visit)],
  ];
}

function ask(accounts: Accounts, visit: Visit): Reply {
  const { session, params, path } = visit;
  const asked = accounts.browserLogins.look(params.login ?? "");
  if (asked === undefined) return over(visit);
  if (session === undefined) return { redirect: `/login?${new URLSearchParams({ next: path })}` };
  const buttons = html`<div class="actions"><button name="decision" value="approve">Log in</button>
<button class="second" name="decision" value="refuse">Refuse</button></div>`;
  const leave = html`<input type="hidden" name="next" value="${path}"><p class="soft">Not you? <button class="plain">Log out</button></p>`;
  const main = html`<h1>Log in to the command line?</h1>
<p><strong>${asked.description}</strong>, from ${asked.source}, wants to act as <strong>${session.caller.email}</strong>.</p>
<p>Go on only if you asked for that yourself, and the address in your terminal has the code <strong><code>${asked.code}</code></strong>.</p>
${form(visit, { action: path }, buttons)}
${form(visit, { action: "/logout" }, leave)}`;
  return { document: card(visit, { title: "Log in to the command line", main }) };
}

function decide(accounts: Accounts, visit: Visit): Reply {
  const { session, params, path, form: fields } = visit;
  if (session === undefined) return { redirect: `/login?${new URLSearchParams({ next: path })}` };
  const approved = fields.get("decision") === "approve";
  if (!accounts.browserLogins.decide(params.login ?? "", approved ? session.caller.id : undefined)) return over(visit);
  const title = approved ? "Logged in" : "Refused";
  const main = html`<h1>${title}</h1><p>${
    approved ? "You can close this page and return to your terminal." : "That computer was not let in."
  } To the <a href="/">dashboard</a>.</p>`;
  return { document: card(visit, { title, main }) };
}

function over(visit: Visit): Reply {
  const main = html`<h1>This login is over</h1><p>Start again in your terminal: <code>heroku login</code>.</p>`;
  return { status: 404, document: card(visit, { title: "This login is over", main }) };
}
