/** A page with its forms, as a browser without scripts has it. */
interface Page {
  readonly status: number;
  readonly url: string;
  readonly text: string;
}

/** Fetches pages, keeps cookies, follows redirections and sends forms. */
export class FormBrowser {
  readonly #cookies = new Map<string, string>();
  readonly #fetch: (url: string, init: RequestInit) => Promise<Response>;

  /** @param ask how it reaches sites. Default: as this process does */
  constructor(ask: (url: string, init: RequestInit) => Promise<Response> = fetch) {
    this.#fetch = ask;
  }

  async open(url: string, init: RequestInit = {}): Promise<Page> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await this.#fetch(url, { ...init, redirect: "manual", headers: { ...init.headers, cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const [name = "", value = ""] = pair.split(/=(.*)/s, 2);
      this.#cookies.set(name, value);
    }
    const next = response.headers.get("location");
    if (next !== null) return this.open(new URL(next, url).href);
    return { status: response.status, url, text: await response.text() };
  }

  /**
   * Fills in the first form that has all these fields or buttons, and sends it.
   *
   * @param fields by name; what is hidden in the form is sent along
   */
  submit(page: Page, fields: Readonly<Record<string, string>>): Promise<Page> {
    const names = Object.keys(fields);
    const form = forms(page.text).find(({ text }) => names.every((name) => text.includes(`name="${name}"`)));
    if (form === undefined) throw new Error(`no form at ${page.url} has ${names.join(", ")}:\n${page.text}`);
    const url = new URL(form.action, page.url);
    return this.open(url.href, {
      method: "POST",
      headers: { origin: url.origin, "sec-fetch-site": "same-origin" },
      body: new URLSearchParams({ ...form.hidden, ...fields }),
    });
  }
}

function forms(text: string): { action: string; hidden: Record<string, string>; text: string }[] {
  return [...text.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)].map(([, tag = "", inside = ""]) => ({
    action: attribute(tag, "action") ?? "",
    hidden: Object.fromEntries(
      [...inside.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([input]) => [
        attribute(input, "name") ?? "",
        attribute(input, "value") ?? "",
      ]),
    ),
    text: inside,
  }));
}

function attribute(tag: string, name: string): string | undefined {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll("&amp;", "&");
}
