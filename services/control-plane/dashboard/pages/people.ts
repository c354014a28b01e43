import { field } from "../../web/form.ts";
import { type Html, html } from "../../web/html.ts";
import { form, notice } from "../../web/layout.ts";
import type { MemberRoute, MemberVisit, Reply } from "../../web/visit.ts";
import { path } from "../api.ts";
import { adminOnly, type Context } from "../context.ts";
import { ago, exact } from "../format.ts";

interface Person {
  readonly id: string;
  readonly email: string;
  readonly role: "admin" | "member";
  readonly created_at: string;
  readonly last_login: string | null;
}

interface Invitation {
  readonly id: string;
  readonly email: string;
  readonly role: string;
  readonly invited_by: string;
  readonly expires_at: string;
  readonly url?: string;
}

const BACK = "/people";

export function peoplePages(context: Context): MemberRoute[] {
  const { acts, api } = context;
  return [
    ["GET", "/people", (visit) => show(context, visit)],
    [
      "POST",
      "/people/invite",
      async (visit) => {
        const body = {
          email: field(visit.form, "email"),
          role: visit.form.get("role") === "admin" ? "admin" : "member",
        };
        const { answer } = await api.order<Invitation>(visit, { method: "POST", path: "/invitations", body });
        return show(context, visit, answer);
      },
    ],
    acts.route("/people/invitations/revoke", (visit) => ({
      title: "Revoke the invitation",
      app: undefined,
      order: { method: "DELETE", path: path`/invitations/${field(visit.form, "id")}` },
      atOnce: true,
      confirm: "Revoke",
      back: BACK,
      done: "The invitation is revoked.",
    })),
    acts.route("/people/role", (visit) => {
      const role = visit.form.get("role") === "admin" ? "admin" : "member";
      return {
        title: "Change the role",
        app: undefined,
        order: { method: "PATCH", path: path`/users/${field(visit.form, "id")}`, body: { role } },
        atOnce: true,
        confirm: "Change",
        back: BACK,
        done: "The role is changed.",
      };
    }),
    acts.route("/people/remove", (visit) => ({
      title: `Remove ${field(visit.form, "email")}`,
      app: undefined,
      order: { method: "DELETE", path: path`/users/${field(visit.form, "id")}` },
      summary: html`<p>Tokens and browsers of ${field(visit.form, "email")} are logged out. Their apps stay, and become the first admin's.</p>`,
      confirm: "Remove the account",
      danger: true,
      back: BACK,
      done: "The account is removed.",
    })),
  ];
}

async function show({ api, frames, ports }: Context, visit: MemberVisit, made?: Invitation): Promise<Reply> {
  adminOnly(visit);
  const [people, invitations] = await Promise.all([
    api.get<Person[]>(visit, "/users"),
    api.get<Invitation[]>(visit, "/invitations"),
  ]);
  const main = html`<div class="head"><h1>People</h1></div>
${made?.url !== undefined && notice("done", html`<p>The invitation of ${made.email}. Send them this link; it is shown this once and good until ${exact(new Date(made.expires_at))}:</p><pre tabindex="0" data-invitation>${made.url}</pre>`)}
<section class="card"><header><h2>Accounts</h2></header><ul class="rows">${people.map((person) => row(visit, person, ports.clock()))}</ul></section>
<section class="card"><header><h2>Invitations</h2></header>${invitations.length === 0 ? html`<p class="soft">None is open.</p>` : html`<ul class="rows">${invitations.map((each) => open(visit, each))}</ul>`}
<h3 class="gap">Invite somebody</h3>${form(
    visit,
    { action: "/people/invite", class: "line" },
    html`<div class="field"><label for="email">E-mail</label><input id="email" name="email" type="email" required autocomplete="off"></div><div class="field small-field"><label for="role">Role</label><select id="role" name="role"><option value="member">member</option><option value="admin">admin</option></select></div><button>Invite</button>`,
  )}</section>`;
  return { document: frames.plain(visit, { title: "People", section: "people", main }) };
}

function row(
  visit: MemberVisit,
  { id, email, role, created_at: created, last_login: last }: Person,
  now: number,
): Html {
  const own = id === visit.session.caller.id;
  const other = role === "admin" ? "member" : "admin";
  return html`<li><div class="grow"><span class="title">${email}</span><br><span class="soft small">since ${ago(created, now)}${last !== null && html`, last here ${ago(last, now)}`}</span></div><span class="badge ${role === "admin" ? "rest" : ""}">${role}</span>${
    own
      ? html`<span class="soft small">you</span>`
      : html`${form(visit, { action: "/people/role" }, html`<input type="hidden" name="id" value="${id}"><input type="hidden" name="role" value="${other}"><button class="plain">Make ${other}<span class="hidden"> of ${email}</span></button>`)}${form(visit, { action: "/people/remove" }, html`<input type="hidden" name="id" value="${id}"><input type="hidden" name="email" value="${email}"><button class="plain danger">Remove<span class="hidden"> ${email}</span></button>`)}`
  }</li>`;
}

function open(visit: MemberVisit, { id, email, role, invited_by: by, expires_at: until }: Invitation): Html {
  return html`<li><div class="grow"><span class="title">${email}</span><br><span class="soft small">as ${role}, invited by ${by}, good until ${exact(new Date(until))}</span></div>${form(visit, { action: "/people/invitations/revoke" }, html`<input type="hidden" name="id" value="${id}"><button class="plain danger">Revoke<span class="hidden"> the invitation of ${email}</span></button>`)}</li>`;
}
