import type { Accounts } from "../../accounts/accounts.ts";
import { notFound } from "../../api/errors.ts";
import { field } from "../form.ts";
import { html } from "../html.ts";
import { card, form, notice } from "../layout.ts";
import type { PublicRoute, Reply, Visit } from "../visit.ts";
import { emailField, entered, passwordField, refusal } from "./fields.ts";

/** To make an account, where the platform's settings let anybody. */
export function signUpPages(accounts: Accounts): PublicRoute[] {
  const page = (visit: Visit, email = "", status = 200, message?: string): Reply => {
    if (!accounts.signUp) throw notFound("page");
    const fields = html`${emailField(email)}${passwordField("new")}<div class="actions"><button>Sign up</button></div>`;
    const main = html`<h1>Sign up</h1>${notice("error", message)}${form(visit, { action: "/signup" }, fields)}
<p class="soft">You have an account? <a href="/login">Log in</a>.</p>`;
    return { status, document: card(visit, { title: "Sign up", main }) };
  };
  return [
    ["GET", "/signup", (visit) => page(visit)],
    [
      "POST",
      "/signup",
      async (visit) => {
        const email = field(visit.form, "email");
        try {
          return entered(await accounts.logins.register(email, visit.form.get("password") ?? "", visit.from), "/");
        } catch (error) {
          const { status, message } = refusal(error);
          return page(visit, email, status, message);
        }
      },
    ],
  ];
}
