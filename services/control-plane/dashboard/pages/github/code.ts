import { notFound } from "../../../api/errors.ts";
import { type Html, html } from "../../../web/html.ts";
import { notice } from "../../../web/layout.ts";
import type { MemberRoute, MemberVisit, Reply } from "../../../web/visit.ts";
import { orProblem, path } from "../../api.ts";
import type { Context } from "../../context.ts";
import { exact } from "../../format.ts";
import { connectPage } from "./connect.ts";
import { afterConnecting, connectPath } from "./paths.ts";

interface Code {
  readonly id: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly expires_at: string;
  readonly status: "pending" | "connected" | "failed";
  readonly message: string | null;
}

/** Seconds between two looks of a browser without scripts. */
const REFRESH_SECONDS = 5;

/** A code that is typed at GitHub. */
export function codePages(context: Context): MemberRoute[] {
  return [
    ["POST", "/github/codes", (visit) => begin(context, visit)],
    ["GET", "/github/codes/:code", (visit) => show(context, visit)],
  ];
}

async function begin(context: Context, visit: MemberVisit): Promise<Reply> {
  const order = { method: "POST", path: "/account/github/codes" } as const;
  const { found, problem } = await orProblem(context.api.order<Code>(visit, order));
  if (found === undefined) return connectPage(context, visit, problem);
  const query = new URLSearchParams({ app: visit.form.get("app") ?? "" });
  return { redirect: `${path`/github/codes/${found.answer.id}`}?${query}` };
}

async function show({ api, frames }: Context, visit: MemberVisit): Promise<Reply> {
  const app = visit.query.get("app") ?? "";
  const code = await api.find<Code>(visit, path`/account/github/codes/${visit.params.code ?? ""}`);
  if (code === undefined) throw notFound("code", "that code; ask for another one");
  if (code.status === "connected") return { redirect: afterConnecting(app) };
  const main = code.status === "pending" ? pending(code) : failed(code, app);
  const refresh = code.status === "pending" ? { refresh: REFRESH_SECONDS } : {};
  return { document: frames.plain(visit, { title: "Connect to GitHub", main, ...refresh }) };
}

function pending({ user_code: code, verification_uri: page, expires_at: until }: Code): Html {
  return html`<div class="card narrow wide" data-progress><h1>Type this code at GitHub</h1>
<div class="commands"><pre class="code" tabindex="0" aria-label="Code">${code}</pre><button class="second small copy" type="button" data-copy="${code}" hidden>Copy</button></div>
<div class="actions"><a class="button" href="${page}" target="_blank" rel="noreferrer">Open ${new URL(page).host}</a></div>
<p class="soft small gap" role="status">This page goes on by itself when you have. The code is good until ${exact(new Date(until))}.</p>
<noscript><p class="soft small">It looks every ${REFRESH_SECONDS} seconds.</p></noscript></div>`;
}

function failed({ message }: Code, app: string): Html {
  const back = connectPath(app === "" ? undefined : app);
  return html`<div class="card narrow wide"><h1>Connect to GitHub</h1>${notice("error", message ?? "It did not work.")}
<div class="actions"><a class="button second" href="${back}">Back</a></div></div>`;
}
