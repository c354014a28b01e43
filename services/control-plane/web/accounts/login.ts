import type { Accounts } from "../../accounts/accounts.ts";
import { clearCookie, SESSION_COOKIE } from "../cookies.ts";
import { field } from "../form.ts";
import { html } from "../html.ts";
import { card, form, notice } from "../layout.ts";
import type { PublicRoute, Reply, Visit } from "../visit.ts";
import { emailField, entered, passwordField, refusal, safePath } from "./fields.ts";

/** To log in, and out. `?next=` is where one wanted to go. */
export function loginPages(accounts: Accounts): PublicRoute[] {
  return [
    [
      "GET",
      "/login",
      (visit) => {
        const next = safePath(visit.query.get("next"));
        return visit.session === undefined ? show(accounts, visit, { next, email: "" }) : { redirect: next };
      },
    ],
    ["POST", "/login", (visit) => login(accounts, visit)],
    ["POST", "/logout", (visit) => logout(accounts, visit)],
  ];
}

async function login(accounts: Accounts, visit: Visit): Promise<Reply> {
  const [next, email] = [safePath(visit.form.get("next")), field(visit.form, "email")];
  try {
    return entered(await accounts.logins.login(email, visit.form.get("password") ?? "", visit.from), next);
  } catch (error) {
    return show(accounts, visit, { next, email, ...refusal(error) });
  }
}

function logout(accounts: Accounts, { session, form: fields }: Visit): Reply {
  if (session !== undefined) accounts.logout(session.cookie);
  const next = safePath(fields.get("next"));
  const redirect = next === "/" ? "/login" : `/login?${new URLSearchParams({ next })}`;
  return { redirect, cookies: [clearCookie(SESSION_COOKIE)] };
}

interface Shown {
  readonly next: string;
  readonly email: string;
  readonly status?: number;
  readonly message?: string;
}

function show(accounts: Accounts, visit: Visit, { next, email, status = 200, message }: Shown): Reply {
  const fields = html`<input type="hidden" name="next" value="${next}">${emailField(email)}${passwordField("current")}
<div class="actions"><button>Log in</button></div>`;
  const main = html`<h1>Log in</h1>${notice("error", message)}${form(visit, { action: "/login" }, fields)}
<p class="soft">${
    accounts.signUp
      ? html`New here? <a href="/signup">Sign up</a>.`
      : "Accounts are made by invitation: ask an admin for one, and for a new link if you forgot your password."
  }</p>`;
  return { status, document: card(visit, { title: "Log in", main }) };
}
