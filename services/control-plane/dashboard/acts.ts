import { ApiError } from "../api/errors.ts";
import { CSRF_FIELD } from "../web/csrf.ts";
import { type Html, html } from "../web/html.ts";
import { form, notice } from "../web/layout.ts";
import type { MemberRoute, MemberVisit, Reply } from "../web/visit.ts";
import type { ApiClient, Order, Preview } from "./api.ts";
import type { Frames } from "./frames.ts";
import type { ProgressBook } from "./progress.ts";

/** What a form asks for. */
export interface Wish {
  /** As the preview's heading, e.g. `Scale shop`. */
  readonly title: string;
  readonly order: Order;
  /** The app that it is about, in the API's path. */
  readonly app: string | undefined;
  /** On the button that confirms it. */
  readonly confirm: string;
  readonly danger?: boolean;
  /** Whether it is done at once, because there is nothing to see in a preview. */
  readonly atOnce?: boolean;
  /** What the form says in words, above the preview. */
  readonly summary?: Html;
  /** Where one was. */
  readonly back: string;
  /** Where to go when it is done; by default back. @param answer the API's */
  next?(answer: unknown): string;
  /** What is said there. */
  readonly done: string;
}

/** The field that says that the preview was seen. */
const CONFIRMED = "confirmed";

/** Acts as pages do them: a preview, a button to confirm, and a page that follows how it goes on. */
export class Acts {
  readonly #api: ApiClient;
  readonly #book: ProgressBook;
  readonly #frames: Frames;

  constructor(api: ApiClient, book: ProgressBook, frames: Frames) {
    this.#api = api;
    this.#book = book;
    this.#frames = frames;
  }

  /** @param read puts a form's fields as a wish; throws ApiError for what cannot be meant, or gives a page that says so */
  route(path: string, read: (visit: MemberVisit) => Promise<Wish | Reply> | Wish | Reply): MemberRoute {
    return [
      "POST",
      path,
      async (visit) => {
        const wish = await read(visit);
        if (!("order" in wish)) return wish;
        const sure = wish.atOnce === true || visit.form.get(CONFIRMED) === "yes";
        return sure ? this.#begin(visit, wish) : this.#preview(visit, wish);
      },
    ];
  }

  async #begin(visit: MemberVisit, wish: Wish): Promise<Reply> {
    const { title, app, order, back, done } = wish;
    const { id, end } = await this.#book.begin({
      caller: visit.session.caller.id,
      title,
      app,
      back,
      work: async () => {
        const { answer, warning } = await this.#api.order(visit, order);
        const message = warning === undefined ? done : `${done} Warning: ${warning}`;
        return { next: wish.next?.(answer) ?? back, message };
      },
    });
    return { redirect: end?.result === "done" ? withDone(end.next, id) : `/progress/${id}` };
  }

  async #preview(visit: MemberVisit, wish: Wish): Promise<Reply> {
    try {
      const preview = await this.#api.preview(visit, wish.order);
      return { document: await this.#page(visit, wish, confirmation(visit, wish, preview)) };
    } catch (error) {
      if (!(error instanceof ApiError) || error.status >= 500 || error.status === 404) throw error;
      const refused = html`${notice("error", error.message)}<p><a class="button second" href="${wish.back}">Back</a></p>`;
      return { status: error.status, document: await this.#page(visit, wish, refused) };
    }
  }

  #page(visit: MemberVisit, { title }: Wish, content: Html): Promise<Html> | Html {
    return this.#frames.plain(visit, {
      title,
      main: html`<div class="card narrow wide"><h1>${title}</h1>${content}</div>`,
    });
  }
}

/** @param id of the act, whose message is said there */
export function withDone(place: string, id: string): string {
  const [path = "", mark = ""] = place.split("#", 2);
  return `${path}${path.includes("?") ? "&" : "?"}done=${id}${mark && `#${mark}`}`;
}

function confirmation(visit: MemberVisit, wish: Wish, preview: Preview): Html {
  const fields = [...visit.form].filter(([name]) => name !== CSRF_FIELD && name !== CONFIRMED);
  const hidden = fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
  const kind = wish.danger === true ? "danger strong" : "";
  return html`${wish.summary}
<h2 class="gap">What this will do</h2>
${steps(preview)}
${form(
  visit,
  { action: visit.path },
  html`${hidden}<input type="hidden" name="${CONFIRMED}" value="yes"><div class="actions"><button class="${kind}">${wish.confirm}</button><a class="button second" href="${wish.back}">Cancel</a></div>`,
)}`;
}

/** A preview's steps, in words and as Pulumi printed them. */
function steps({ description, steps, preview }: Preview): Html {
  const list = steps.map(
    ({ op, type, name }) =>
      html`<li><span class="op ${op.replaceAll(/[^a-z]/g, " ")}">${op}</span><span>${name} <span class="soft small">${kind(type)}</span></span></li>`,
  );
  return html`<p>${description}</p>
${list.length > 0 ? html`<ul class="steps">${list}</ul>` : html`<p class="soft">No resource changes.</p>`}
${preview.trim() !== "" && html`<details><summary>The preview as Pulumi prints it</summary><pre class="log short" tabindex="0">${preview.trim()}</pre></details>`}`;
}

/** `docker:index/service:Service` as `Service`. */
function kind(type: string): string {
  return type.split(":").at(-1) ?? type;
}
