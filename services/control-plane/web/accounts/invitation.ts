import type { Accounts } from "../../accounts/accounts.ts";
import { html } from "../html.ts";
import { card, form, notice } from "../layout.ts";
import type { PublicRoute, Reply, Visit } from "../visit.ts";
import { entered, passwordField, refusal } from "./fields.ts";

/** To accept an invitation: choose a password, and be in. To look at the page uses nothing up. */
export function invitationPages(accounts: Accounts): PublicRoute[] {
  const page = (visit: Visit, wrong: { readonly status?: number; readonly message?: string } = {}): Reply => {
    const { invitation: secret = "" } = visit.params;
    const invited = accounts.invitations.of(secret);
    if (invited === undefined) return over(visit);
    const known = accounts.users.byEmail(invited.email) !== undefined;
    const title = known ? "Choose a new password" : "Join Dynoform";
    const says = known
      ? html`<strong>${invited.invitedBy}</strong> sent you this link to choose a new password for <strong>${invited.email}</strong>. Your other browsers are logged out then.`
      : html`<strong>${invited.invitedBy}</strong> invites you as <strong>${invited.email}</strong>${invited.role === "admin" && ", an admin"}.`;
    const fields = html`<input type="hidden" name="email" value="${invited.email}" autocomplete="username">${passwordField("new")}
<div class="actions"><button>${known ? "Set password" : "Accept invitation"}</button></div>`;
    const main = html`<h1>${title}</h1><p>${says}</p>${notice("error", wrong.message)}
${form(visit, { action: `/invitation/${secret}` }, fields)}`;
    return { status: wrong.status ?? 200, document: card(visit, { title, main }) };
  };
  return [
    ["GET", "/invitation/:invitation", (visit) => page(visit)],
    [
      "POST",
      "/invitation/:invitation",
      async (visit) => {
        try {
          const { invitation: secret = "" } = visit.params;
          const login = await accounts.logins.accept(secret, visit.form.get("password") ?? "", visit.from);
          return login === undefined ? over(visit) : entered(login, "/");
        } catch (error) {
          return page(visit, refusal(error));
        }
      },
    ],
  ];
}

function over(visit: Visit): Reply {
  const main = html`<h1>This link is over</h1>
<p>It was used already, or it has expired. Ask an admin for another one, or <a href="/login">log in</a>.</p>`;
  return { status: 404, document: card(visit, { title: "This link is over", main }) };
}
