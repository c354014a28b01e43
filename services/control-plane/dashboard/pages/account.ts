import { invalid } from "../../api/errors.ts";
import { forgeLabel } from "../../github/forge/addresses.ts";
import { field } from "../../web/form.ts";
import { type Html, html } from "../../web/html.ts";
import { form, notice } from "../../web/layout.ts";
import type { MemberRoute, MemberVisit, Reply } from "../../web/visit.ts";
import type { ApiGithubAccount } from "../answers.ts";
import { path } from "../api.ts";
import type { Context } from "../context.ts";
import { ago } from "../format.ts";
import { connectPath } from "./github/paths.ts";

interface Authorization {
  readonly id: string;
  readonly description: string;
  readonly created_at: string;
  readonly access_token: { readonly token: string; readonly expires_in: number | null };
}

interface BrowserSession {
  readonly id: string;
  readonly description: string;
  readonly created_at: string;
}

const BACK = "/account";

export function accountPages(context: Context): MemberRoute[] {
  const { acts, api } = context;
  return [
    ["GET", "/account", (visit) => show(context, visit)],
    acts.route("/account/password", (visit) => {
      const [password, next, again] = ["password", "new", "again"].map((name) => visit.form.get(name) ?? "");
      if (next !== again) throw invalid("new_password", "The two new passwords are not the same.");
      return {
        title: "Change your password",
        app: undefined,
        order: { method: "PATCH", path: "/account", body: { password, new_password: next } },
        atOnce: true,
        confirm: "Change it",
        back: BACK,
        done: "Your password is changed.",
      };
    }),
    [
      "POST",
      "/account/tokens",
      async (visit) => {
        const description = field(visit.form, "description") || "Made in the dashboard";
        const body = { description, ...lifetime(visit) };
        const { answer } = await api.order<Authorization>(visit, {
          method: "POST",
          path: "/oauth/authorizations",
          body,
        });
        return show(context, visit, answer);
      },
    ],
    acts.route("/account/tokens/revoke", (visit) => ({
      title: "Revoke the token",
      app: undefined,
      order: { method: "DELETE", path: path`/oauth/authorizations/${field(visit.form, "id")}` },
      atOnce: true,
      confirm: "Revoke",
      back: `${BACK}#tokens`,
      done: "The token is revoked.",
    })),
    acts.route("/account/sessions/end", (visit) => ({
      title: "Log that browser out",
      app: undefined,
      order: { method: "DELETE", path: path`/oauth/sessions/${field(visit.form, "id")}` },
      atOnce: true,
      confirm: "Log out",
      back: `${BACK}#browsers`,
      done: "That browser is logged out.",
    })),
  ];
}

/** @param form `days` 0: without end */
function lifetime({ form }: MemberVisit): { expires_in?: number } {
  const days = Number(field(form, "days"));
  return Number.isInteger(days) && days > 0 ? { expires_in: days * 86_400 } : {};
}

async function show({ api, frames, ports }: Context, visit: MemberVisit, made?: Authorization): Promise<Reply> {
  const [tokens, sessions, github] = await Promise.all([
    api.find<Authorization[]>(visit, "/oauth/authorizations"),
    api.find<BrowserSession[]>(visit, "/oauth/sessions"),
    api.get<ApiGithubAccount>(visit, "/account/github"),
  ]);
  const now = ports.clock();
  const main = html`<div class="head"><h1>Account</h1></div>
${
  made !== undefined &&
  notice(
    "done",
    html`<p>Your new token, shown this once:</p><pre tabindex="0">${made.access_token.token}</pre><p>Use it as the password for Git, or as <code>HEROKU_API_KEY</code>.</p>`,
  )
}
<div class="columns"><section class="card"><header><h2>You</h2></header><dl><dt>E-mail</dt><dd>${visit.session.caller.email}</dd><dt>Role</dt><dd>${visit.session.caller.role}</dd></dl></section>
<section class="card"><header><h2>Password</h2></header>${passwordForm(visit)}</section></div>
${githubCard(visit, github, now)}
${tokens !== undefined && tokensCard(visit, tokens, now)}
${sessions !== undefined && sessionsCard(visit, sessions, now)}`;
  return { document: frames.plain(visit, { title: "Account", section: "account", main }) };
}

function passwordForm(visit: MemberVisit): Html {
  const input = (name: string, label: string, complete: string) =>
    html`<div class="field"><label for="${name}">${label}</label><input id="${name}" name="${name}" type="password" required autocomplete="${complete}"></div>`;
  return form(
    visit,
    { action: "/account/password" },
    html`<input name="username" value="${visit.session.caller.email}" autocomplete="username" readonly hidden>${input("password", "Present password", "current-password")}${input("new", "New password", "new-password")}${input("again", "New password again", "new-password")}<button class="second">Change password</button>`,
  );
}

const WAYS = { app: "by a GitHub App", token: "by a token", device: "by a code" } as const;

function githubCard(visit: MemberVisit, account: ApiGithubAccount, now: number): Html {
  const { connected, login, way, connected_at: since } = account;
  const known = way !== null && since !== null;
  return html`<section class="card" id="github">
<header><h2>${forgeLabel(account.forge)}</h2><a href="${connectPath()}">${connected ? "Connect another account" : "Connect an account"}</a></header>
${
  known
    ? html`<ul class="rows"><li>
<div class="grow"><span class="title">${login ?? "An App that is not installed yet"}</span><br><span class="soft small">${WAYS[way]}, ${ago(since, now)}</span></div>
${form(visit, { action: "/github/disconnect" }, html`<button class="plain danger">Forget<span class="hidden"> the GitHub account</span></button>`)}
</li></ul>`
    : html`<p class="soft">None is connected. Apps are deployed from its repositories.</p>`
}
</section>`;
}

function tokensCard(visit: MemberVisit, tokens: readonly Authorization[], now: number): Html {
  const rows = tokens.map(
    ({ id, description, created_at: created, access_token: { token, expires_in: left } }) =>
      html`<li><div class="grow"><span class="title">${description}</span><br><span class="soft small"><code>${token}</code> · made ${ago(created, now)} · ${left === null ? "without end" : `good for ${Math.ceil(left / 86_400)} days`}</span></div>${form(visit, { action: "/account/tokens/revoke" }, html`<input type="hidden" name="id" value="${id}"><button class="plain danger">Revoke<span class="hidden"> ${description}</span></button>`)}</li>`,
  );
  return html`<section class="card" id="tokens"><header><h2>API tokens</h2></header>${tokens.length === 0 ? html`<p class="soft">None. <code>heroku login</code> makes one.</p>` : html`<ul class="rows">${rows}</ul>`}
<h3 class="gap">Make a token</h3>${form(
    visit,
    { action: "/account/tokens", class: "line" },
    html`<div class="field"><label for="description">What for</label><input id="description" name="description" maxlength="100" autocomplete="off" placeholder="CI"></div><div class="field small-field"><label for="days">Days it is good</label><input id="days" name="days" type="number" min="0" max="3650" value="30" aria-describedby="days-hint"></div><button class="second">Make a token</button>`,
  )}<p class="hint" id="days-hint">0: without end.</p></section>`;
}

function sessionsCard(visit: MemberVisit, sessions: readonly BrowserSession[], now: number): Html {
  const rows = sessions.map(
    ({ id, description, created_at: created }) =>
      html`<li><div class="grow">${description}<br><span class="soft small">since ${ago(created, now)}</span></div>${form(visit, { action: "/account/sessions/end" }, html`<input type="hidden" name="id" value="${id}"><button class="plain danger">Log out<span class="hidden"> ${description}</span></button>`)}</li>`,
  );
  return html`<section class="card" id="browsers"><header><h2>Browsers</h2></header><ul class="rows">${rows}</ul></section>`;
}
