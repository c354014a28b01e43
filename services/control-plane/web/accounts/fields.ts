import { messageOf } from "../../../../lib/errors.ts";
import { TooManyAttempts } from "../../accounts/attempts.ts";
import { type Login, WrongCredentials } from "../../accounts/logins.ts";
import { PasswordsBusy } from "../../accounts/passwords.ts";
import { SESSION_LIFETIME_MS } from "../../accounts/sessions.ts";
import { toApiError } from "../../api/errors.ts";
import { SESSION_COOKIE } from "../cookies.ts";
import { type Html, html } from "../html.ts";
import type { Reply } from "../visit.ts";

export function emailField(value: string): Html {
  return html`<div class="field"><label for="email">E-mail address</label>
<input id="email" name="email" type="text" inputmode="email" value="${value}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="254" required></div>`;
}

/** @param kind whether the browser is to offer the password it knows, or a new one */
export function passwordField(kind: "current" | "new"): Html {
  return html`<div class="field"><label for="password">${kind === "new" ? "New password" : "Password"}</label>
<input id="password" name="password" type="password" autocomplete="${kind}-password" maxlength="200" required${kind === "new" && html` minlength="10" aria-describedby="password-hint"`}>
${kind === "new" && html`<p class="hint" id="password-hint">At least 10 characters.</p>`}</div>`;
}

/** Lets a browser in, and on to a page of this site. */
export function entered({ cookie }: Login, next: string): Reply {
  return { redirect: next, cookies: [{ name: SESSION_COOKIE, value: cookie, maxAge: SESSION_LIFETIME_MS / 1000 }] };
}

/** A path of this site: what is anything else, e.g. `//elsewhere.example`, is the start. */
export function safePath(next: string | null | undefined): string {
  return next != null && /^\/(?![/\\])[\x21-\x7e]*$/.test(next) ? next : "/";
}

/** What to tell whoever was not let in, with the answer's status. @throws what nobody foresaw */
export function refusal(error: unknown): { readonly status: number; readonly message: string } {
  if (error instanceof WrongCredentials) {
    return { status: 401, message: "There was a problem with your login: check e-mail address and password." };
  }
  if (error instanceof TooManyAttempts) return { status: 429, message: error.message };
  if (error instanceof PasswordsBusy) return { status: 503, message: error.message };
  const known = toApiError(error);
  if (known.status >= 500) throw error;
  return { status: known.status, message: messageOf(known) };
}
